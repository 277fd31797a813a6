#!/usr/bin/env python3
"""figures.py BURN CHECK - a job's figures in a box that serves many, without a runner

BURN is the program of burn.c. Each check runs jobs one after another in one box, with others before
and between them that could distort the figures of the next one, and prints what is wrong.
"""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import initdrive

MB = 1 << 20


class Box(initdrive.Box):
    def __init__(self, burn):
        super().__init__(memory=400 * MB)
        with open(burn, "rb") as f:
            self.burn = f.read()

    def run(self, *argv, cpu=0, **limits):
        limits = dict(dict(memory=300 * MB, disk=64 * MB, cpu=20000000, wall=60000000), **limits)
        job = self.job(["./burn", *map(str, argv)], files={"burn": (self.burn, 0o755)}, limits=limits, cpu=cpu)
        if job.trouble or job.done:
            raise SystemExit("%s: %s" % (argv, job.trouble))
        self.wait(initdrive.READY)
        end = job.ends[-1]
        end["text"] = bytes(job.out).decode()
        print(*argv, {k: end[k] for k in ("how", "cpu_us", "peak", "peak_how", "oom_kills", "hits")})
        return end


def within(what, value, least, most):
    if not least <= value <= most:
        raise SystemExit("%s: %d is not within %d and %d" % (what, value, least, most))


def peak(end, least, most, how=None):
    within("peak", end["peak"], least, most)
    if how is not None and end["peak_how"] != how:
        raise SystemExit("the peak was taken the wrong way: %d" % end["peak_how"])


def small(box):
    """What came before is nothing of this one's."""
    end = box.run("hello")
    peak(end, 0, 2 * MB)
    within("cpu", end["cpu_us"], 0, 20000)
    within("kills for memory", end["oom_kills"], 0, 0)
    if end["how"] != "exited" or end["hits"]:
        raise SystemExit("%s %s" % (end["how"], end["hits"]))


def short(box):
    peak(box.run("short", 100), 99.5 * MB, 104 * MB)  # the kernel counts in batches of each processor
    small(box)
    peak(box.run("short", 20), 20 * MB, 24 * MB, 0)


def many(box):
    peak(box.run("many", 50, 4, 300), 200 * MB, 215 * MB, 1)
    small(box)
    peak(box.run("many", 10, 5, 300, "shared"), 48 * MB, 56 * MB, 1)	# a sample may be a little early


def shared(box):
    for kind in ("anon", "memfd", "sysv"):
        peak(box.run("shared", kind, 50, 200), 50 * MB, 56 * MB)
    box.run("shared", "sysv", 50, 10, "leave")
    peak(box.run("many", 10, 5, 300, "shared"), 48 * MB, 56 * MB, 1)	# a sample may be a little early
    small(box)


def flight(box):
    box.run("flight", 50)
    peak(box.run("many", 10, 5, 300, "shared"), 48 * MB, 56 * MB, 1)	# a sample may be a little early
    box.run("flight", 50)
    small(box)


def files(box):
    """What lies on the job's disk is bounded there and no memory of its own."""
    for folder in ("/work", "/tmp", "/dev/shm"):
        peak(box.run("file", folder, 30), 0, 6 * MB)
    peak(box.run("many", 10, 5, 300, "shared"), 48 * MB, 56 * MB, 1)	# a sample may be a little early


def output(box):
    box.run("output", 20000)
    small(box)
    box.run("output", 1000)
    small(box)


def cpu(box):
    within("cpu", box.run("spin", 200)["cpu_us"], 199000, 400000)
    within("orphans' cpu", box.run("orphan", 4, 50)["cpu_us"], 199000, 400000)
    within("cpu of children nobody waits for", box.run("ignore", 4, 50)["cpu_us"], 199000, 400000)
    within("a little of it", box.run("ignore", 2, 5)["cpu_us"], 9900, 40000)
    small(box)


def oom(box):
    end = box.run("short", 900, memory=2000 * MB)	# the box has less: the kernel's kill
    if end["how"] != "memory limit" or end["oom_kills"] < 1:
        raise SystemExit("no kill for memory: %s" % end)
    small(box)
    end = box.run("short", 120, memory=60 * MB)	# the job's own limit: ours
    if end["how"] != "memory limit" and "memory" not in end["hits"]:
        raise SystemExit("no memory limit: %s" % end)
    within("kills for memory", end["oom_kills"], 0, 0)
    small(box)


def pin(box):
    allowed = sorted(os.sched_getaffinity(0))
    free = " ".join(map(str, allowed))
    for n in allowed:
        text = box.run("affinity", cpu=n + 1)["text"]
        if text != "%d Operation not permitted\n" % n:
            raise SystemExit("on processor %d: %r" % (n, text))
    if box.run("affinity")["text"] != free + " changed\n":
        raise SystemExit("the next one is kept there as well")


def main():
    with Box(sys.argv[1]) as box:
        globals()[sys.argv[2]](box)


main()
