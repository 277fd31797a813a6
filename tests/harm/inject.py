#!/usr/bin/env python3
"""inject.py [PROGRAM...] - every system call by which a program changes the spool fails once, and then what it says is true

Each program runs once under shim.c to count those calls, and then once for each call and each error: ENOSPC, EIO, EDQUOT, a
half write, EMFILE for opens, and a disk that is full from that call on. After each run the spool is looked at, without
the shim: an id that was printed is a job that is there, whole; without an id nothing is left; no job or result is there in
parts; cee-fsck finds nothing wrong; what failed says which file, and why. For runner the engine has to answer.

--every N: only each N-th call (runner: the calls are dear). --seed picks where to begin. Prints a line for each program.
"""
import argparse, errno, json, os, re, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("CEE_ROOT") or os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("CEE_BIN") or os.path.join(ROOT, "bin")
sys.path.insert(0, os.path.join(ROOT, "tests/tools"))
sys.path.insert(0, HERE)
from harm import Control

ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
OWNER = "uid-%d" % os.getuid()
JOB = {"language": "bash", "code": "echo hi\n"}
ERRORS = [("ENOSPC", {"fail_errno": errno.ENOSPC}), ("EIO", {"fail_errno": errno.EIO}), ("EDQUOT", {"fail_errno": errno.EDQUOT}),
          ("half write", {"fail_errno": 0}), ("EMFILE", {"fail_errno": errno.EMFILE, "count_opens": 1}),
          ("full disk", {"fail_errno": errno.ENOSPC, "fail_more": 1})]


def make_id(n):
    ms = int(time.time() * 1000) - 5000 + n
    h = "%012x" % ms
    return "%s-%s-7%03x-8%03x-%012x" % (h[:8], h[8:], n, n, n)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


class Site:
    def __init__(self):
        self.dir, self.owner = tempfile.mkdtemp(prefix="cee-inject-"), OWNER
        self.spool, self.template = os.path.join(self.dir, "spool"), os.path.join(self.dir, "template")
        self.conf, self.shim = os.path.join(self.dir, "cee.conf"), os.path.join(self.dir, "shim.so")
        write(self.conf, "languages = %s/etc/languages.d\nseccomp = %s/etc/seccomp.json\ninit = %s/cee-init\njobs = 1\nwarm = 0\n"
              "min_room = 1M\nhttp_state = %s/http\n" % (ROOT, ROOT, BIN, self.dir))
        os.mkdir(os.path.join(self.dir, "http"))
        self.job = os.path.join(self.dir, "job.json")
        write(self.job, json.dumps(JOB))
        write(os.path.join(self.dir, "hi.sh"), JOB["code"])
        subprocess.run([os.environ.get("CC", "cc").split()[-1], "-O1", "-shared", "-fPIC", "-o", self.shim, os.path.join(HERE, "shim.c"),
                        "-ldl"], check=True)
        self.env = dict(os.environ, CEE_SPOOL=self.spool, CEE_CONF=self.conf)
        self.env.pop("LD_PRELOAD", None)
        self.tool("cee-fsck", "--make")
        self.tool("cee-lang", "publish")

    def path(self, *parts):
        return os.path.join(self.spool, self.owner, *parts)

    def tool(self, name, *args, **more):
        return subprocess.run([os.path.join(BIN, name), *args], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, **more)

    def names(self, part):
        try:
            return sorted(n for n in os.listdir(self.path(part)))
        except FileNotFoundError:
            return []

    def where(self, id):
        """the folder of an ended job, the file of a waiting one, or None"""
        for n in self.names("new"):
            if id in n:
                return self.path("new", n)
        found = os.path.join(self.path("out"), id[:7], id)
        return found if os.path.isdir(found) else None

    def ended(self):
        """a job that ran, with output"""
        id = self.finished(1)
        folder = self.path("out", id[:7], id, "1")
        write(os.path.join(folder, "stdout"), "hi\n")
        write(os.path.join(folder, "index"), "1767225600000000 o 3\n")
        return id

    def finished(self, n):
        id = make_id(n)
        folder = self.path("out", id[:7], id)
        for f in ("1/stdout", "1/stderr", "1/index"):
            write(os.path.join(folder, f), "")
        write(os.path.join(folder, "job"), json.dumps(JOB))
        write(os.path.join(folder, "result"), json.dumps({"version": 1, "id": id, "attempt": 1, "state": "Finished", "why": "exited",
                                                          "code": 0, "ended": "2026-01-01T00:00:00.000000Z"}) + "\n")
        return id

    def waiting(self, n):
        id = make_id(n)
        write(self.path("new", "5." + id), json.dumps(JOB))
        return id

    def save(self):
        shutil.rmtree(self.template, ignore_errors=True)
        subprocess.run(["cp", "-a", self.spool, self.template], check=True)

    def restore(self):
        shutil.rmtree(self.spool)
        subprocess.run(["cp", "-a", self.template, self.spool], check=True)

    def run(self, argv, env, changes, limit=20):
        self.restore()
        control = Control(os.path.join(self.dir, "control"), 1)
        control.set(**dict({"count": 0, "fail_at": 0}, **changes))
        full = dict(self.env, LD_PRELOAD=self.shim, CEE_HARM=control.path, CEE_HARM_BELOW=self.spool, **env)
        try:
            p = subprocess.run([os.path.join(BIN, argv[0]), *argv[1:]], env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               stdin=open(env["BODY"]) if "BODY" in env else subprocess.DEVNULL, timeout=limit)
            code, out, err = p.returncode, p.stdout, p.stderr
        except subprocess.TimeoutExpired as e:
            code, out, err = None, (e.stdout or b"").decode(), (e.stderr or b"").decode()
        count = control.get("count")
        control.file.close()
        return code, out, err, count

    def sound(self):
        p = self.tool("cee-fsck")
        return [] if p.returncode == 0 else ["cee-fsck: " + p.stdout.strip() + p.stderr.strip()]


def whole_job(site, id):
    at = site.where(id)
    if not at or not os.path.isfile(at):
        return ["the id %s was printed, and there is no such job" % id]
    text = open(at).read()
    try:
        job = json.loads(text)
    except ValueError:
        return ["the job %s is there in parts: %r" % (id, text)]
    return [] if JOB["code"] in json.dumps(job).replace("\\n", "\n") else ["the job %s is another one: %r" % (id, text)]


def says_why(prog, err, names=r"tmp|new|cancel|groups|keys|out|metrics|join|spool|uid-|removed|%s" % ID.pattern):
    """standard error names what failed, and the reason"""
    why = r"no room|No space|Input/output|quota|Too many open|cannot|could not|not removed"
    lines = [l for l in err.splitlines() if l.startswith(prog + ":")]
    said = any(re.search(why, l) and re.search(names, l) or l.endswith(("out of memory", "Cannot allocate memory")) for l in lines)
    return [] if said else ["the error does not say what failed and why: %r" % err]


def check_submit(prog, printed):
    def check(site, code, out, err):
        ids = ID.findall(out) if printed else []
        wrong = [w for id in ids for w in whole_job(site, id)]
        left = site.names("new") + site.names("tmp")
        if code == 0 and printed and len(set(ids)) != 1:
            wrong.append("it succeeded without an id: %r" % out)
        if code is not None and code != 0:
            wrong += says_why(prog, err)
            # a job that was there before the failure: its end is asked for
            # or, where no request can be written, its id is said
            left = [n for n in left if not ID.search(n) or ID.search(n).group(0) not in site.names("cancel") + ID.findall(err)]
            if left and not ids:
                wrong.append("it failed, and left %s" % left)
        for n in site.names("new"):
            wrong += whole_job(site, ID.search(n).group(0))
        return wrong
    return check


def check_http(site, code, out, err):
    status = int(re.search(r"^Status: (\d+)", out, re.M).group(1)) if "Status:" in out else 0
    if status in (200, 201, 202):
        ids = set(ID.findall(out))
        return [w for id in list(ids)[:1] for w in whole_job(site, id)] if ids else ["no id in %r" % out]
    wrong = [] if status >= 400 else ["no answer: %r" % out]
    left = site.names("new") + site.names("tmp")
    return wrong + (["status %d, and left %s" % (status, left)] if left else [])


def all_or_nothing(site, id):
    at = site.where(id)
    if at is None:
        return [], False
    have = sorted(os.path.relpath(os.path.join(d, f), at) for d, _, fs in os.walk(at) for f in fs)
    return ([] if have == ["1/index", "1/stderr", "1/stdout", "job", "result"] else ["%s is there in parts: %s" % (id, have)]), True


def check_removed(prog, ids):
    def check(site, code, out, err):
        wrong, there = [], 0
        for id in ids:
            w, t = all_or_nothing(site, id)
            wrong += w
            there += t
        if code == 0 and there:
            wrong.append("it succeeded, and %d of %d jobs are there" % (there, len(ids)))
        if code != 0:
            wrong += says_why(prog, err)
        return wrong
    return check


def check_cancel(id):
    def check(site, code, out, err):
        asked = id in site.names("cancel")
        if code == 0 and not asked:
            return ["it succeeded, and there is no request"]
        return whole_job(site, id) + (says_why("cee-cancel", err) if code != 0 else [])
    return check


def check_fsck(id):
    def check(site, code, out, err):
        wrong = all_or_nothing(site, id)[0] + ([] if code in (0, 1, 71) else ["status %s: %r" % (code, err)])
        again = site.tool("cee-fsck", "--fix")
        return wrong + ([] if again.returncode == 0 else ["a second --fix: " + again.stdout])
    return check


def check_runner(id):
    def check(site, code, out, err):
        at = site.where(id)
        # on a disk that stays full it keeps the verdict and tries again, until it is killed here
        waits = "No space left" in err and "tried again each second" in err
        wrong = ["it did not end: " + err[-300:]] if code is None and not waits else []
        if at is None or os.path.isfile(at) or not os.path.exists(os.path.join(at, "job")):
            if at is None and not any(id in n for d, _, fs in os.walk(os.path.join(site.spool, "cur")) for n in fs):
                return wrong + ["the job is lost"]
            site.tool("cee-runner", "--once", timeout=60)	# it waits, or a dead runner has it: the next one runs it
            at = site.where(id)
        if at is None or not os.path.exists(os.path.join(at, "result")):
            return wrong + ["the job has no result, also after another runner"]
        result = json.load(open(os.path.join(at, "result")))
        text = open(os.path.join(at, str(result["attempt"]), "stdout")).read()
        if result["why"] == "exited" and text != "hi\n" and not result.get("dropped_by_disk"):
            wrong.append("exited, and its output is %r, with nothing said of it: %r" % (text, result))
        if result["why"] not in ("exited", "internal error", "lost"):
            wrong.append("it ended as %s" % result["why"])
        return wrong if os.path.exists(os.path.join(at, "job")) else wrong + ["it was not retired"]
    return check


def cases(site):
    """name, what to run, its environment, its check, seconds"""
    site.save()
    yield "cee-submit", ["cee-submit", "-j", site.job], {}, check_submit("cee-submit", True), 20
    yield "cee-submit -g --key", ["cee-submit", "-g", "g", "--key", "k", "-j", site.job], {}, check_submit("cee-submit", True), 20
    yield "cee-run", ["cee-run", "bash", os.path.join(site.dir, "hi.sh")], {}, check_submit("cee-run", False), 1
    body = os.path.join(site.dir, "job.json")
    post = {"REQUEST_METHOD": "POST", "PATH_INFO": "/tasks", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(os.path.getsize(body)),
            "REMOTE_USER": "ann", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "SERVER_NAME": "localhost", "BODY": body}
    site.owner = "http-web-ann"
    yield "cee-http", ["cee-http"], post, check_http, 20
    site.owner = OWNER
    id = site.finished(1)
    key = site.path("keys", "0" * 64)
    site.save()
    yield "cee-rm", ["cee-rm", id], {}, check_removed("cee-rm", [id]), 20
    ids = [id, site.finished(2), site.finished(3)]
    site.save()
    yield "cee-prune", ["cee-prune", "--older-than", "0s"], {}, check_removed("cee-prune", ids), 20
    write(site.path("tmp", make_id(7)), "half")
    write(site.path("cancel", id), "")
    write(key, "")
    write(site.path("tmp", make_id(8) + ".gone.01234567", "1", "stdout"), "x")
    site.save()
    yield "cee-fsck --fix", ["cee-fsck", "--fix"], {}, check_fsck(id), 20
    shutil.rmtree(site.path())
    site.tool("cee-fsck", "--make")
    site.tool("cee-submit", "-j", site.job)
    waiting = ID.search(site.names("new")[0]).group(0)
    site.save()
    yield "cee-cancel", ["cee-cancel", waiting], {}, check_cancel(waiting), 20
    yield "cee-runner", ["cee-runner", "--once"], {}, check_runner(waiting), 20


def one(site, args, name, argv, env, check, limit):
    started, runs, calls, problems = time.time(), 0, {}, []
    for label, changes in ERRORS:
        if args.errors and label not in args.errors.split(","):
            continue
        _, _, _, total = site.run(argv, env, dict(changes, fail_at=0), limit)
        calls[label] = total
        step = args.every if name == "cee-runner" else 1
        for n in range(1 + args.seed % step, total + 1, step):
            code, out, err, _ = site.run(argv, env, dict(changes, fail_at=n), limit)
            runs += 1
            for problem in check(site, code, out, err) + site.sound():
                problems.append("%s: %s at call %d of %d: %s" % (name, label, n, total, problem))
    for p in problems:
        print("not right: " + p, flush=True)
    most = max(calls.values()) if calls else 0
    print("%-20s %4d runs, up to %d calls, %d problems, %.0f s" % (name, runs, most, len(problems), time.time() - started), flush=True)
    return (len(problems), runs)


def run_all(sources, wanted, one, args):
    """one() for each case of the sources whose program is wanted; prints the sums, and returns the exit status"""
    site = Site()
    problems = runs = 0
    try:
        for source in sources:
            for name, argv, env, check, limit in source(site):
                if argv[0][4:] not in wanted:
                    continue
                p, r = one(site, args, name, argv, env, check, limit)
                problems += p
                runs += r
    finally:
        shutil.rmtree(site.dir)
    print("%d runs, %d problems, seed %d" % (runs, problems, args.seed))
    return 1 if problems or not runs else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="*", help="all but runner, or these: submit run http rm prune fsck cancel runner")
    parser.add_argument("--errors", help="of: " + ", ".join(e for e, _ in ERRORS))
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1000)
    args = parser.parse_args()
    wanted = args.program or ["submit", "run", "http", "rm", "prune", "fsck", "cancel"]
    return run_all((cases,), wanted, one, args)


if __name__ == "__main__":
    sys.exit(main())
