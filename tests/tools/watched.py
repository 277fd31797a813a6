#!/usr/bin/env python3
"""watched.py - one file of tests under bats, in which no test hangs for ever

    watched.py FILE.bats [FACTOR]    as bats --tap FILE.bats

A test may take 1200 s; one that needs longer says so in the line above it: `# watch: 3600 s`. What stands outside of
tests (setup_file) has the bound of a test. All are multiplied by FACTOR: sanitizers make programs slow.

BATS_TEST_TIMEOUT of bats ends a test's children alone: what those have started lives on, holds the pipe that bats
reads, and bats waits. Here all that the test started ends, found by its parents and, where those are gone, by the
environment that it has from bats. The test then fails, its teardown runs, and the next test begins. A test that this
does not end is killed, and reported here, as bats says nothing of it.
"""
import os
import re
import signal
import subprocess
import sys
import time

BOUND = 1200
TEARDOWN = float(os.environ.get("WATCH_TEARDOWN", "120"))  # seconds that the teardown of an ended test may take


def read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as f:
            return f.read()
    except OSError:
        return b""


def parents_of_all():
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        stat = read(pid, "stat")
        if stat:
            parents[int(pid)] = int(stat[stat.rindex(b")") + 2:].split()[1])
    return parents


def below(top, parents):
    """The processes under top, the nearest first."""
    found = [top]
    for pid in found:
        found += [p for p, parent in parents.items() if parent == pid]
    return found[1:]


def title(function):
    """The name that a test has in its file: bats makes it a function's."""
    name = re.sub("-([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), function.removeprefix("test_").replace("_", " "))
    return name.replace("\\", "")


def bounds(path):
    """{name of a test: seconds}, of those that have a bound of their own."""
    found, own = {}, None
    with open(path, encoding="utf-8") as f:
        for line in f:
            test = re.match(r'@test (["\'])(.*)\1 *\{', line)
            if test and own:
                found[test[2].replace("\\", "")] = own
            note = re.match(r"# watch: (\d+) s$", line)
            own = int(note[1]) if note else None
    return found


class Step:
    """What bats runs at the moment: a test, or what is outside of tests."""

    def __init__(self, pid, name, number):
        self.pid, self.name, self.number = pid, name, number
        self.began, self.ended = time.monotonic(), None

    def same(self, other):
        return other is not None and self.pid == other.pid and self.name == other.name

    def processes(self, bats, parents):
        """All that it started, without its own process."""
        found = below(self.pid, parents)
        marks = {f"BATS_ROOT_PID={bats}".encode(), f"BATS_SUITE_TEST_NUMBER={self.number}".encode()}
        if self.number:
            found += [p for p in parents if p not in found and p != self.pid and marks <= set(read(p, "environ").split(b"\0"))]
        return found


def step_now(bats, parents):
    outside = None
    for pid in below(bats, parents):
        args = read(pid, "cmdline").decode(errors="replace").split("\0")
        for i, arg in enumerate(args[:2]):
            if arg.endswith("/bats-exec-test"):
                at = next((k for k in range(i, len(args) - 1) if args[k].endswith(".bats")), None)
                return Step(pid, title(args[at + 1]), args[at + 2]) if at else None
            if arg.endswith("/bats-exec-file"):
                outside = outside or Step(pid, "what is outside of tests", None)
    return outside


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Watch:
    def __init__(self, path, factor):
        self.path, self.factor, self.own = path, factor, bounds(path)
        self.step = None
        self.bats = subprocess.Popen(["bats", "--tap", path])

    def say(self, text):
        print(text, flush=True)

    def end(self, step, parents, seconds):
        self.say(f"# watch: {os.path.basename(self.path)}: {step.name}: not done after {seconds:g} s, so it is ended")
        all_of_it = step.processes(self.bats.pid, parents)
        if step.number:
            send([step.pid], signal.SIGTERM)  # bats acts on it when the child that it waits for is gone
        send(all_of_it, signal.SIGTERM)
        time.sleep(1)
        left = step.processes(self.bats.pid, parents_of_all())
        send([p for p in all_of_it if p in left], signal.SIGKILL)
        step.ended = time.monotonic()

    def kill(self, step, parents):
        self.say(f"not ok {step.number or 0} {step.name} # not done after its teardown was waited for: killed")
        send([*step.processes(self.bats.pid, parents), step.pid], signal.SIGKILL)

    def look(self):
        parents = parents_of_all()
        step = step_now(self.bats.pid, parents)
        if step is None or not step.same(self.step):
            self.step = step
            return
        step, seconds = self.step, self.own.get(self.step.name, BOUND) * self.factor
        if step.ended is None and time.monotonic() - step.began > seconds:
            self.end(step, parents, seconds)
        elif step.ended is not None and time.monotonic() - step.ended > TEARDOWN:
            self.kill(step, parents)
            step.ended = time.monotonic()

    def run(self):
        while True:
            try:
                return self.bats.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self.look()


def main():
    watch = Watch(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1)
    try:
        return watch.run()
    except KeyboardInterrupt:
        return watch.bats.wait()


if __name__ == "__main__":
    sys.exit(main())
