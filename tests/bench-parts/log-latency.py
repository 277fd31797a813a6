"""From a write in the box until cee-log -f has printed it. The program prints the clock, which
is the machine's own in a box too. Beside it docker run, whose client prints what is attached.
"""
import os, subprocess, time

from benchlib import BIN, Runner, Skip, docker_run, median

TITLE = "log latency: written in the box until printed, ms"
PROGRAM = """import sys, time
for _ in range(%d):
    time.sleep(0.03)
    sys.stdout.write("%%d\\n" %% time.clock_gettime_ns(time.CLOCK_MONOTONIC))
    sys.stdout.flush()
"""


def latencies(argv, env=None):
    out = []
    with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=0) as p:
        rest = b""
        while True:
            data = os.read(p.stdout.fileno(), 65536)
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            out += [(now - int(l)) / 1e6 for l in lines]
    return out


def measure(bench):
    n = bench.n(200, 60)
    program = bench.program("clock.py", PROGRAM % n)
    theirs = []
    with Runner(bench, "share = owner") as r:
        r.run(bench.program("hello.py", "print('hello')\n"))
        try:
            theirs = latencies(docker_run("cee/python:latest", ["python3", "-c", PROGRAM % n]))
        except Skip as e:
            bench.skip("docker run", str(e))
        job = subprocess.run([BIN + "/cee-submit", program], env=r.env, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        mine = latencies([BIN + "/cee-log", "-f", job], r.env)
    value, base = median(mine), median(theirs)
    bench.figure("cee-log -f", value, "ms", "docker run" if base else None, base, None, "5 ms", value <= 5)
    bench.figure("cee-log -f, one in twenty is above", sorted(mine)[len(mine) * 19 // 20], "ms",
                 "docker run" if base else None, sorted(theirs)[len(theirs) * 19 // 20] if theirs else None)
