"""How much the cpu time of one and the same program varies, one at a time and as many at once
as there are processors, with and without pin = yes. Where cpu time decides about grades, this matters.
"""
import json

from benchlib import CORES, Runner, median

TITLE = "spread of cpu time (the middle nine tenths over the median), %"
PROGRAM = "s = 0\nfor i in range(2500000): s += i * i\nprint(s)\n"


def cpu_times(runner, at_once, rounds):
    out = []
    line = json.dumps({"language": "python", "code": PROGRAM, "limits": {"cpu": 20}}) + "\n"
    for _ in range(rounds):
        ids = runner.submit(line.encode() * at_once)
        runner.wait_for(ids)
        for path in runner.results():
            if any(i in path for i in ids):
                with open(path) as f:
                    out.append(json.load(f)["phases"]["run"]["cpu"])
    return out


def spread(times):
    times = sorted(times)
    cut = len(times) // 20
    return (times[-1 - cut] - times[cut]) / median(times) * 100


def measure(bench):
    rounds = bench.n(20, 5)
    runners = {pin: Runner(bench, "pin = %s\njobs = %d\nshare = owner" % (pin, CORES)) for pin in ("no", "yes")}
    try:
        for at_once in sorted({1, CORES}):
            times = {"no": [], "yes": []}
            for i in range(rounds + 1):
                for pin, r in runners.items():
                    got = cpu_times(r, at_once, 1)
                    times[pin] += got if i else []
            bench.figure("%d at once, pin = yes" % at_once, spread(times["yes"]), "%", "pin = no", spread(times["no"]),
                         note="median %.0f ms, %.0f ms without" % (median(times["yes"]) * 1000, median(times["no"]) * 1000))
    finally:
        for r in runners.values():
            r.stop()
