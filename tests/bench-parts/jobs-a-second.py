"""How many jobs a second when many are queued.

none: each job has a box; beside it the engine's own rate of create, start
and remove, at the number at once that is best for it. owner: static and Python hello from
as many boxes as there are processors; beside it a loop that starts the bare interpreter,
as many at once as there are processors. The runner's cpu time for each job is missing for the jobs themselves. Where durable needs much more
of it than relaxed, the file system takes it (ext4
without a journal is slow to make files for minutes after many were removed).
"""
import datetime, glob, json, os, subprocess, threading, time

from spoolnames import OUT_PATH
from benchlib import CORES, Runner, elf_job, median, python
from engineapi import Engine

TITLE = "jobs a second from a full queue"


# ---- the engine alone -------------------------------------------------------------------

def box_body():
    return {"Image": "cee/python:latest", "Cmd": ["/usr/bin/sleep", "60"], "User": "899999:899999", "NetworkDisabled": True,
            "HostConfig": {"ReadonlyRootfs": True, "CapDrop": ["ALL"], "NetworkMode": "none", "IpcMode": "private",
                           "LogConfig": {"Type": "none"}, "SecurityOpt": ["no-new-privileges"], "Memory": 384 << 20,
                           "MemorySwap": 384 << 20, "PidsLimit": 66, "Tmpfs": {"/work": "rw,size=65536", "/tmp": "rw,size=65536"}}}


def churn(at_once, n):
    """Boxes a second, by so many connections."""
    left = list(range(n))

    def worker():
        c = Engine()
        while left:
            try:
                left.pop()
            except IndexError:
                return
            box = c.call("POST", "/containers/create", box_body())["Id"]
            c.call("POST", "/containers/%s/start" % box)
            c.call("DELETE", "/containers/%s?force=1&v=1" % box)

    threads = [threading.Thread(target=worker) for _ in range(at_once)]
    begin = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return n / (time.perf_counter() - begin)


# ---- a full queue -------------------------------------------------------------------------

def drain(runner, line, n):
    """Jobs a second from the first claim to the last verdict, the queue full at the start, and
    ms of the runner's own cpu time for each."""
    runner.stop()
    ids = runner.submit((line + "\n").encode() * n, "--relaxed")
    runner.start()
    before = runner.cpu_ms()
    runner.wait_for(ids)
    cpu = (runner.cpu_ms() - before) / n
    times = []
    for id in ids:
        with open(glob.glob(os.path.join(runner.spool, "*", OUT_PATH, id, "result"))[0]) as f:
            times.append(json.load(f))
    bad = [t for t in times if t.get("why") != "exited" or t.get("exit_code") != 0]
    if bad:
        raise SystemExit("bench: a job did not end as it should: %s" % bad[0])
    return n / (max(seconds(t["ended"]) for t in times) - min(seconds(t["claimed"]) for t in times)), cpu


def seconds(stamp):
    return datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()


def loop(argv, n):
    """Bare processes a second, as many at once as there are processors. The loop is xargs."""
    begin = time.perf_counter()
    subprocess.run(["xargs", "-P", str(CORES), "-n", "1", *argv], input=("x\n" * n).encode(),
                   stdout=subprocess.DEVNULL, check=True)
    return n / (time.perf_counter() - begin)


def measure(bench):
    jobs = bench.n(40, 10)
    best = max((churn(k, 2 * k + 2 if bench.quick else 24), k) for k in (1, 2, 4, 8))[1]
    elf = elf_job(bench.hello())
    conf = "jobs = %d\nshare = none" % max(best, CORES)
    with Runner(bench, conf) as none:
        rows = [(drain(none, elf, jobs)[0], churn(best, jobs)) for _ in range(bench.n(3, 1))]
    r = median([a / b for a, b in rows])
    bench.figure("none: a box for each job", median([a for a, _ in rows]), "1/s",
                 "engine, %d at once" % best, median([b for _, b in rows]), r, "95% of the engine's own rate", r >= 0.95)

    conf = "jobs = %d\nshare = owner" % CORES
    with Runner(bench, conf) as owner, Runner(bench, conf, durable=False) as relaxed:
        n = bench.n(2000, 300)
        rows = [(drain(owner, elf, n), drain(relaxed, elf, n), loop([bench.hello()], n)) for _ in range(bench.n(3, 1))]
        for i, name in enumerate(("static C hello", "static C hello, relaxed")):
            rate = median([r[i][0] for r in rows])
            bench.figure("owner: " + name, rate, "1/s", "bare loop", median([r[2] for r in rows]),
                         median([r[i][0] / r[2] for r in rows]), None if i else "400 a second", None if i else rate >= 400)
        bench.figure("owner: the runner's cpu time for each job", median([r[0][1] for r in rows]), "ms", "relaxed",
                     median([r[1][1] for r in rows]))
        n = bench.n(400, 60)
        line = json.dumps({"language": "python", "code": "print('hello')"})
        program = bench.program("loop.py", "print('hello')\n")
        rows = [(drain(owner, line, n)[0], loop([python(), program], n)) for _ in range(bench.n(3, 1))]
        r = median([a / b for a, b in rows])
        bench.figure("owner: Python hello", median([a for a, _ in rows]), "1/s", "bare loop",
                     median([b for _, b in rows]), r, "80% of the bare loop", r >= 0.8)
