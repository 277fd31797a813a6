#!/usr/bin/env python3
"""nomem.py [PROGRAM...] - every allocation of a program fails once, and what it says is true nevertheless

Each program runs once under shim.c to count its allocations, and then once for each: that one fails, or, with --more, that
one and all that follow. What inject.py looks for after a call of the system has failed must hold here too: a job whose id was
printed is there, whole, and without an id nothing is left. What only reads prints all of what it prints otherwise, or
fails. A program that fails says why and exits with a status of cee(7); none is ended by a signal, and none hangs.

--every N: each N-th allocation of programs with more than 400. For runner the engine has to answer.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import inject
from harm import Control

STATUSES = {1, 2, 64, 65, 66, 69, 70, 71, 73, 74, 75, 77, 78, 125}
MANY = 400
WHY = re.compile(r"out of memory|[Mm]emory|Cannot allocate|cannot|could not|not removed|no room", re.M)


def run(site, argv, env, limit, **changes):
    site.restore()
    control = Control(os.path.join(site.dir, "control"), 1)
    control.set(count_memory=1, **changes)
    full = dict(site.env, LD_PRELOAD=site.shim, CEE_HARM=control.path, CEE_HARM_BELOW=site.spool, **env)
    try:
        with open(env.get("BODY", os.devnull)) as body:
            p = subprocess.run([os.path.join(inject.BIN, argv[0]), *argv[1:]], env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, errors="replace", stdin=body, timeout=limit)
        code, out, err = p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired as e:
        code, out, err = None, (e.stdout or b"").decode(), (e.stderr or b"").decode()
    count = control.get("memory_count")
    control.file.close()
    return code, out, err, count


def ended_well(argv, code, out, err, limit):
    """What holds of every program: it ends by itself, and says why it fails."""
    if code is None and argv[0] == "cee-run":
        return []  # no runner is there: it waits
    if code is None:
        return ["it did not end within %d s" % limit]
    if code < 0:
        return ["it was ended by signal %d" % -code]
    if code == 0 or argv[0] == "cee-http":
        return []
    wrong = [] if code in STATUSES else ["status %d is not one of cee(7)" % code]
    lines = [l for l in err.splitlines() if l.startswith(argv[0] + ":")]
    if argv[0] == "cee-fsck":  # a part that it cannot read is among what it finds
        lines += out.splitlines()
    return wrong if any(WHY.search(l) for l in lines) else wrong + ["status %d, and no word of why: %r" % (code, err)]


def check_reader(reference):
    def check(site, code, out, err):
        return ["it succeeded with other output: %r, not %r" % (out[-200:], reference[-200:])] if code == 0 and out != reference else []
    return check


def check_get(reference):
    body = reference.partition("\n\n")[2] or reference.partition("\r\n\r\n")[2]

    def check(site, code, out, err):
        status = int(re.search(r"^Status: (\d+)", out, re.M).group(1)) if "Status:" in out else 0
        got = out.partition("\n\n")[2] or out.partition("\r\n\r\n")[2]
        if status == 200 or not status and got:
            return [] if got == body or code != 0 else ["200 with another body: %r, not %r" % (got[-200:], body[-200:])]
        return [] if status >= 400 else ["no answer: status %s, %r, %r" % (code, out, err)]
    return check


def readers(site):
    """Programs that only read, over a job that has ended and one that waits."""
    shutil.rmtree(site.path(), ignore_errors=True)
    site.tool("cee-fsck", "--make")
    site.tool("cee-submit", "-g", "g", "-j", site.job)
    id = site.ended()
    site.save()
    for argv in (["cee-log", id], ["cee-log", "-o", "-t", id], ["cee-stat", id], ["cee-stat", "--json", id], ["cee-stat"],
                 ["cee-files", id]):
        code, out, err, _ = run(site, argv, {}, 20)
        if code != 0 or not out and argv[0] != "cee-files":
            sys.exit("nomem.py: %s: %s %r %r, without harm" % (" ".join(argv), code, out, err))
        yield " ".join(a for a in argv if a != id), argv, {}, check_reader(out), 20
    get = {"REQUEST_METHOD": "GET", "REMOTE_USER": "ann", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "SERVER_NAME": "localhost"}
    shutil.rmtree(os.path.join(site.spool, "http-web-ann"), ignore_errors=True)
    os.rename(site.path(), os.path.join(site.spool, "http-web-ann"))
    site.owner = "http-web-ann"
    site.save()
    for path in ("/tasks/" + id, "/tasks/%s/stdout" % id, "/tasks", "/languages", "/healthz"):
        env = dict(get, PATH_INFO=path)
        code, out, err, _ = run(site, ["cee-http"], env, 20)
        yield "cee-http GET " + path.replace(id, "ID"), ["cee-http"], env, (lambda *a: []) if path == "/healthz" else check_get(out), 20
    site.owner = inject.OWNER


def one(site, args, name, argv, env, check, limit):
    began, runs, problems, clean = time.time(), 0, [], 0
    code, out, err, total = run(site, argv, env, limit)
    if code not in (0, None if name == "cee-run" else 0) or total < 3:
        sys.exit("nomem.py: %s: without harm it ends with %s after %d allocations: %s%s" % (name, code, total, out, err))
    step = args.every if total > MANY else 1
    for n in range(1 + args.seed % step, total + 1, step):
        code, out, err, _ = run(site, argv, env, limit, memory_at=n, memory_more=int(args.more))
        runs += 1
        clean += code == 0
        for problem in ended_well(argv, code, out, err, limit) + check(site, code, out, err) + site.sound():
            problems.append("%s: allocation %d of %d: %s" % (name, n, total, problem))
    for p in problems:
        print("not right: " + p, flush=True)
    print("%-28s %4d runs of %5d allocations, %d succeeded, %d problems, %.0f s" %
          (name, runs, total, clean, len(problems), time.time() - began), flush=True)
    return len(problems), runs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="*", help="all but runner, or of: submit run http rm prune fsck cancel log stat files runner")
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000)
    args = parser.parse_args()
    wanted = args.program or ["submit", "run", "http", "rm", "prune", "fsck", "cancel", "log", "stat", "files"]
    return inject.run_all((inject.cases, readers), wanted, one, args)


if __name__ == "__main__":
    sys.exit(main())
