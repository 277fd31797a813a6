"""Where the time of a warm job goes: the times that its result and its index contain, from
the start of cee-submit on. Use it to find the cause when a target is missed.

id made, claimed, box ready ("started"), first output read by the runner, verdict known
("ended"), cee-submit gone. Durable, and relaxed beside it: the difference is the disk's.
"""
import datetime, glob, json, os, subprocess, time

from spoolnames import OUT_PATH
from benchlib import BIN, Runner, elf_job, median

TITLE = "where the time of a static hello in the owner's box goes, ms since the command"


def stamp(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc).timestamp()


def first_output(runner, job):
    path = glob.glob(os.path.join(runner.spool, "*", OUT_PATH, job, "*/index"))[0]
    with open(path) as f:
        return next(int(t) / 1e6 for t, letter, _ in map(str.split, f) if letter in "oec")


def stations(runner, argv, verdict):
    begin = time.time()
    p = subprocess.Popen([BIN + "/cee-submit", "-w", "--verdict", verdict, *argv], env=runner.env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    os.read(p.stdout.fileno(), 1)
    seen = time.time()
    p.communicate()
    end = time.time()
    with open(verdict) as f:
        r = json.load(f)
    os.unlink(verdict)
    at = [stamp(r["created"]), stamp(r["claimed"]), stamp(r["started"]), first_output(runner, r["id"]), seen,
          stamp(r["ended"]), end]
    return [(t - begin) * 1000 for t in at]


NAMES = ["id made", "claimed (the job is on disk)", "sent to its box", "first output in the spool",
         "first byte printed", "verdict known", "cee-submit gone (verdict on disk)"]


def measure(bench):
    argv = ["-j", bench.program("where.json", elf_job(bench.hello()))]
    with Runner(bench, "share = owner\nwarm = 0") as durable, Runner(bench, "share = owner\nwarm = 0", durable=False) as relaxed:
        rows = {"durable": [], "relaxed": []}
        for i in range(bench.n(40, 8) + 3):
            for name, runner in (("durable", durable), ("relaxed", relaxed)):
                row = stations(runner, argv, os.path.join(bench.work, "verdict"))
                if i >= 3:
                    rows[name].append(row)
    for i, name in enumerate(NAMES):
        bench.figure(name, median([r[i] for r in rows["durable"]]), "ms", "relaxed", median([r[i] for r in rows["relaxed"]]))
