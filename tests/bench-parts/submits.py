"""Submits a second from one process, durable and relaxed, beside a bare loop that does the least that a
durable submit needs: write, fsync, rename, fsync of the directory.
"""
import os, subprocess, tempfile, time

from benchlib import BIN, Runner, median

TITLE = "submits a second, many in one process"
LINE = b'{"language":"python","code":"pass"}\n'


def bare(work, n, sync):
    d = tempfile.mkdtemp(dir=work)
    os.mkdir(d + "/tmp"), os.mkdir(d + "/new")
    fd = os.open(d + "/new", os.O_RDONLY)
    begin = time.perf_counter()
    for i in range(n):
        f = os.open("%s/tmp/%d" % (d, i), os.O_CREAT | os.O_WRONLY | os.O_EXCL)
        os.write(f, LINE)
        if sync:
            os.fsync(f)
        os.close(f)
        os.rename("%s/tmp/%d" % (d, i), "%s/new/%d" % (d, i))
        if sync:
            os.fsync(fd)
    took = time.perf_counter() - begin
    os.close(fd)
    return n / took


def ours(bench, n, *options):
    """In a fresh spool: ext4 is slow where many files were just removed."""
    r = Runner(bench, start=False)
    subprocess.run([BIN + "/cee-lang", "publish"], env=r.env, check=True, stdout=subprocess.DEVNULL)
    begin = time.perf_counter()
    if len(r.submit(LINE * n, *options)) != n:
        raise SystemExit("bench: submits were lost")
    return n / (time.perf_counter() - begin)


def measure(bench):
    for name, options, n in (("durable", (), bench.n(1000, 200)), ("relaxed", ("--relaxed",), bench.n(5000, 1000))):
        rows = [(ours(bench, n, *options), bare(bench.work, n, name == "durable")) for _ in range(bench.n(5, 2))]
        r = median([a / b for a, b in rows])
        bench.figure(name, median([a for a, _ in rows]), "1/s", "bare loop", median([b for _, b in rows]), r,
                     "50% of the bare loop" if name == "durable" else None, r >= 0.5 if name == "durable" else None)
