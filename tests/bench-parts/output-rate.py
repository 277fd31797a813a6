"""500 MB of output (quick: 50), in blocks of 64 KB, from the command to the end: all of it kept
in the spool and printed by cee-submit -w, beside docker run and the bare process.
"""
import glob, os, shutil, subprocess, time

from spoolnames import OUT_PATH
from benchlib import BIN, Runner, Skip, docker_run, median, python

TITLE = "rate of a large output, MB a second"
PROGRAM = "import os\nb = b'x' * 65535 + b'\\n'\nfor _ in range(%d): os.write(1, b)\n"


def rate(argv, mb, env=None):
    begin, got = time.perf_counter(), 0
    with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as p:
        while True:
            data = p.stdout.read1(1 << 20)
            if not data:
                break
            got += len(data)
    if got != mb << 20:
        raise SystemExit("bench: %s: %d bytes of %d" % (argv[0], got, mb << 20))
    return mb / (time.perf_counter() - begin)


def measure(bench):
    mb = 50 if bench.quick else 500
    text = PROGRAM % (mb * 16)
    program = bench.program("much.py", text)
    limits = ["-L", "output=2G", "-L", "cpu=60", "-L", "wall=280"]
    ways = {"bare process": lambda: rate([python(), program], mb)}
    try:
        argv = docker_run("cee/python:latest", ["python3", "-c", text])
        ways["docker run"] = lambda: rate(argv, mb)
    except Skip as e:
        bench.skip("docker run", str(e))
    with Runner(bench, "ceiling.run.output = 2G\nshare = owner") as r, \
            Runner(bench, "ceiling.run.output = 2G\nshare = owner", durable=False) as relaxed:
        ways["durable"] = lambda: rate([BIN + "/cee-submit", "-w", *limits, program], mb, r.env)
        ways["relaxed"] = lambda: rate([BIN + "/cee-submit", "-w", *limits, program], mb, relaxed.env)
        for who in (r, relaxed):
            who.run(bench.program("hello.py", "print('hello')\n"))
        rows = {name: [] for name in ways}
        for _ in range(bench.n(3, 1)):
            for name, way in ways.items():
                rows[name].append(way())
                for who in (r, relaxed):	# the disk may be small
                    for folder in glob.glob(os.path.join(who.spool, "*", OUT_PATH, "*")):
                        shutil.rmtree(folder)
    for name in ("durable", "relaxed"):
        for base in ("docker run", "bare process"):
            if base in rows:
                bench.figure("%s, against %s" % (name, base), median(rows[name]), "MB/s", base, median(rows[base]),
                             median([a / b for a, b in zip(rows[name], rows[base])]))
