"""What a submit and a claim cost in a spool with many finished jobs, against an empty one.

The finished jobs are made as a job leaves them: out/BUCKET/ID with result, job and the
attempt's files. --history N says how many (100,000; quick 2,000; the target speaks of
1,000,000, which takes some minutes and a few GB to make).
"""
import os, signal, subprocess, time

from benchlib import Runner, elf_job, median, turns

TITLE = "cost against history"
CONF = "share = owner\nkeep_bytes = none" # the runner looks at all of it, and removes nothing


def fill(runner, sample, n):
    """Copies of one finished job under n ids of the last weeks. The files are links to a few, but
    for the result: what is searched is directories."""
    source = os.path.dirname(sample)
    bucket = os.path.dirname(source)
    out, name = os.path.dirname(bucket), os.path.basename(source)
    files = sorted(os.path.relpath(os.path.join(d, f), source) for d, _, fs in os.walk(source) for f in fs)
    shared = os.path.join(runner.dir, "shared")
    os.makedirs(shared, exist_ok=True)
    now = int(time.time() * 1000)
    cut = len(os.path.basename(bucket))
    for i in range(n):
        ms = now - (n - i) * 1000 * 3600 * 24 * 60 // n
        h = "%012x" % ms
        new = "%s-%s-7%03x-8%03x-%012x" % (h[:8], h[8:], i & 0xfff, i >> 12 & 0xfff, i)
        folder = os.path.join(out, new[:cut], new)
        for f in files:
            target = os.path.join(folder, f)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            link = os.path.join(shared, "%s-%d" % (f.replace("/", "-"), i // 30000))
            if not os.path.exists(link):
                subprocess.run(["cp", os.path.join(source, f), link], check=True)
            if f == "result":
                with open(os.path.join(source, f)) as a, open(target, "w") as b:
                    b.write(a.read().replace(name, new))
            else:
                os.link(link, target)


def submit_rate(runner, n):
    """While the runner stands still; afterwards it ends them all without running one."""
    runner.process.send_signal(signal.SIGSTOP)
    begin = time.perf_counter()
    ids = runner.submit(b'{"language":"python","code":"pass","start_within":0.001}\n' * n)
    took = time.perf_counter() - begin
    runner.process.send_signal(signal.SIGCONT)
    runner.wait_for(ids)
    return took / n * 1000


def measure(bench):
    n = bench.history or (2000 if bench.quick else 100000)
    argv = ["-j", bench.program("hello.json", elf_job(bench.hello()))]
    with Runner(bench, CONF) as empty, Runner(bench, CONF) as full:
        for r in (empty, full):
            r.run(*argv)
        begin = time.perf_counter()
        fill(full, full.results()[0], n)
        os.sync()
        print("  {:,} finished jobs made in {:.0f} s".format(n, time.perf_counter() - begin), flush=True)
        title = "{:,} finished".format(n)

        def claim(r):
            times = r.run(*argv)
            return r.result["queued"] * 1000, times[1]

        rows = turns({"full": lambda: claim(full), "empty": lambda: claim(empty)}, bench.n(60, 15), 5)
        many = turns({"full": lambda: submit_rate(full, 50), "empty": lambda: submit_rate(empty, 50)}, bench.n(8, 3))
    for name, table, pick in (("submit", many, lambda v: v), ("claim", rows, lambda v: v[0]), ("job from end to end", rows, lambda v: v[1])):
        # medians over medians: the pairs of a noisy machine differ by more than what is looked for
        a, b = median([pick(v) for v in table["full"]]), median([pick(v) for v in table["empty"]])
        aim = name != "job from end to end"
        bench.figure("%s, %s" % (name, title), a, "ms", "none finished", b, a / b,
                     "1.2 times dearer at most" if aim else None, a / b <= 1.2 if aim else None)
