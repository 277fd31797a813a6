#!/usr/bin/env python3
"""harm.py [--jobs N] [--seed S] [--only HARM,…] [--web] [--own-engine] [--power] [--spool-size MIB]
[--keep | --keep-wrong] - real jobs under harm

Runs N jobs through one or two real runners on the real engine, and does harm meanwhile, on a schedule
that the seed decides: kill -9 of runners, submitters, boxes, and with --web of the web server and its CGI programs, with --own-engine
of dockerd and containerd; an engine that cuts, delays, refuses,
answers 500 or garbage or not at all (a proxy on its socket); descriptors, memory and syncs that fail and a clock
that steps (shim.c, loaded into the runner); a full disk and no inodes, then room again; SIGSTOP. --power: the runner
dies at its k-th change of the spool, for k from 1 on, and the spool is left as a power cut may leave it.

check.py then proves from files and notes that no job was lost, doubled or mixed. Prints figures and the seed;
exits with 1 if something was wrong. A seed that ever failed belongs in tests/harm/seeds.

As a user that is not root, but may use the engine, it leaves out what needs a mount (--spool-size) and says so; --own-engine needs root.
"""
import argparse, glob, json, mmap, os, random, shutil, signal, struct, subprocess, sys, tempfile, threading, time, urllib.parse, uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("CEE_BIN", os.path.join(ROOT, "bin"))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
import check, jobs
from parts import OwnEngine, Web, WebClient
from proxy import Proxy
from engineapi import Engine
from spoolnames import OUT_PATH

ENGINE = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")[len("unix://"):]


def run(*argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


class Control:
    """struct control of shim.c, shared with one process"""
    FORM = "iiiiqqqiIqiiiiiqq"
    NAMES = ("sync_delay_ms", "sync_fail", "no_descriptor", "no_memory", "clock_step_us", "kill_at", "count", "power", "seed",
             "fail_at", "fail_errno", "fail_more", "count_opens", "count_memory", "memory_more", "memory_at", "memory_count")

    def __init__(self, path, seed):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(struct.calcsize(self.FORM)))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        self.values = [0] * 8 + [seed & 0xffffffff or 1] + [0] * 8
        self.set()

    def set(self, **changes):
        current = list(struct.unpack(self.FORM, self.map[:]))
        for name, value in changes.items():
            current[self.NAMES.index(name)] = value
        if not changes:
            current = self.values
        self.map[:] = struct.pack(self.FORM, *current)

    def get(self, name):
        return struct.unpack(self.FORM, self.map[:])[self.NAMES.index(name)]

    def calm(self):
        self.set(sync_delay_ms=0, sync_fail=0, no_descriptor=0, no_memory=0, clock_step_us=0)


class Site:
    """a spool, its configuration, its runners"""

    def __init__(self, args):
        self.args, self.rng = args, random.Random(args.seed)
        self.dir = tempfile.mkdtemp(prefix="cee-harm-")
        self.spool = os.path.join(self.dir, "disk", "spool")
        os.mkdir(os.path.join(self.dir, "disk"))
        if args.spool_size and os.geteuid() != 0:
            print("harm: not root, so no file system of %d MiB is mounted: a full disk, no inodes and a read-only disk are left out"
                  % args.spool_size, flush=True)
            args.spool_size = 0
        if args.spool_size:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,nr_inodes=%d" % (args.spool_size, args.jobs * 30 + 4000),
                            "none", os.path.join(self.dir, "disk")], check=True)
        self.conf = os.path.join(self.dir, "cee.conf")
        with open(self.conf, "w") as f:
            f.write("languages = %s/etc/languages.d\nseccomp = %s/etc/seccomp.json\ninit = %s/cee-init\njobs = 3\nwarm = 2\n"
                    "min_room = 1M\nceiling.run.wall = 600s\n" % (ROOT, ROOT, BIN))
        self.boot = os.path.join(self.dir, "boot")
        self.reboot()
        self.shim = os.path.join(self.dir, "shim.so")
        subprocess.run([*os.environ.get("CC", "cc").split(), "-O1", "-shared", "-fPIC", "-o", self.shim, os.path.join(HERE, "shim.c"), "-ldl"],
                       check=True)
        self.env = dict(os.environ, CEE_SPOOL=self.spool, CEE_CONF=self.conf)
        self.owner = "uid-%d" % os.getuid()
        self.engine = OwnEngine(self.dir, ("cee/bash:latest", "cee/python:latest"), ENGINE) if args.own_engine else None
        self.socket = self.engine.socket if self.engine else ENGINE
        os.environ["DOCKER_HOST"] = "unix://" + self.socket	# for boxes()
        self.proxy = Proxy(os.path.join(self.dir, "engine.sock"), self.socket, args.seed)
        self.notes, self.clients = {}, []
        self.runners, self.log = {}, open(os.path.join(self.dir, "runner.log"), "ab")
        run(os.path.join(BIN, "cee-fsck"), "--make", self.owner, env=self.env)
        run(os.path.join(BIN, "cee-lang"), "publish", env=self.env)
        self.web = Web(ROOT, BIN, self.dir, self.conf, self.spool) if args.web else None

    def reboot(self):
        with open(self.boot, "w") as f:
            f.write("%s\n" % uuid.UUID(int=self.rng.getrandbits(128)))

    def start_runner(self, name):
        control = Control(os.path.join(self.dir, "control-%s" % name), self.rng.randrange(1 << 31))
        env = dict(self.env, DOCKER_HOST="unix://" + self.proxy.path, LD_PRELOAD=self.shim, CEE_HARM=control.path,
                   CEE_HARM_BELOW=self.spool, CEE_HARM_BOOT=self.boot)
        process = subprocess.Popen([os.path.join(BIN, "cee-runner")], env=env, stdout=subprocess.DEVNULL, stderr=self.log)
        self.runners[name] = (process, control)

    def boxes(self):
        return [c["Id"] for c in self.containers()]

    def containers(self):
        filters = json.dumps({"label": ["cee.spool=" + os.path.realpath(self.spool)]})
        return [c for c in Engine().call("GET", "/containers/json?all=1&filters=" + urllib.parse.quote(filters))]

    def close(self, wrong):
        for process, _ in self.runners.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.proxy.close()
        if self.web:
            self.web.kill(True)
        for box in self.boxes():
            try:
                Engine().call("DELETE", "/containers/%s?force=1&v=1" % box)
            except RuntimeError:
                pass
        self.log.close()
        if self.engine:
            self.engine.close()
        keep = self.args.keep or (self.args.keep_wrong and wrong)
        if self.args.spool_size:
            if keep:
                shutil.copytree(os.path.join(self.dir, "disk"), os.path.join(self.dir, "kept"), symlinks=True)
            subprocess.run(["umount", "-l", os.path.join(self.dir, "disk")], check=False)
        if keep:
            print("kept: %s" % self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def new_id(rng):
    """a UUID of version 7 of now: the client chooses the id, so that it knows it also when the submitter dies"""
    ms = int(time.time() * 1000)
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (rng.getrandbits(12) << 64) | (2 << 62) | rng.getrandbits(62)))


class Client(threading.Thread):
    """submits its share of the jobs, by ids of its own or by keys, and repeats what was killed or refused"""

    def __init__(self, site, seed, n, notes, number):
        super().__init__(daemon=True)
        self.site, self.rng, self.n, self.notes, self.number, self.submitter = site, random.Random(seed), n, notes, number, None

    def run(self):
        for i in range(self.n):
            job, right = jobs.make(self.rng, "c%d-%d" % (self.number, i))
            argv = [os.path.join(BIN, "cee-submit"), "-j", "-"]
            id = None
            if self.rng.random() < 0.5:
                id = new_id(self.rng)
                argv += ["--id", id]
            else:
                job["key"] = "%d-%d-%d" % (self.site.args.seed, self.number, i)
            while True:
                self.submitter = subprocess.Popen(argv, env=self.site.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                  stderr=subprocess.PIPE, text=True)
                try:
                    out, err = self.submitter.communicate(json.dumps(job))
                except BrokenPipeError:
                    out, err = "", "killed"
                if self.submitter.returncode == 0:
                    got = out.strip()
                    if id and got != id:
                        self.notes["?" + id] = dict(right, kind="printed %s instead of its id" % got)
                    self.notes[got] = right
                    break
                if self.submitter.returncode not in (75, 71, 74, -9):
                    self.notes["?%d-%d" % (self.number, i)] = dict(right, kind="refused: " + err.strip())
                    break
                time.sleep(self.rng.uniform(0.05, 0.3))


# ---- the harm: each does it, sleeps, and sets it right again -------------------------------------------

def pick(site):
    return site.rng.choice(sorted(site.runners))


def kill_runner(site):
    name = pick(site)
    site.runners[name][0].kill()
    site.runners[name][0].wait()
    time.sleep(site.rng.uniform(0, 0.6))
    site.start_runner(name)


def stop_runner(site):
    process = site.runners[pick(site)][0]
    process.send_signal(signal.SIGSTOP)
    time.sleep(site.rng.uniform(0.1, 3))
    process.send_signal(signal.SIGCONT)


def kill_box(site):
    boxes = site.boxes()
    if boxes:
        try:
            Engine().call("POST", "/containers/%s/kill" % site.rng.choice(boxes))
        except RuntimeError:	# it went meanwhile
            pass


def kill_submitter(site):
    for client in site.clients:
        if client.submitter and client.submitter.poll() is None and site.rng.random() < 0.7:
            client.submitter.kill()


def engine_harm(kind):
    def harm(site):
        site.proxy.harm, site.proxy.rate = kind, {"cut": 0.05}.get(kind, site.rng.uniform(0.2, 1))
        time.sleep(site.rng.uniform(0.2, 2))
        site.proxy.harm = "none"
    harm.__name__ = "engine_" + kind
    return harm


def engine_gone(site):
    site.proxy.harm, site.proxy.rate = "refuse", 1
    site.proxy.cut_all()
    time.sleep(site.rng.uniform(0.5, 3))
    site.proxy.harm = "none"


def shim_harm(name, values):
    def harm(site):
        control = site.runners[pick(site)][1]
        control.set(**{k: site.rng.choice(v) for k, v in values.items()})
        time.sleep(site.rng.uniform(0.3, 2))
        control.calm()
    harm.__name__ = name
    return harm


def disk_full(site):
    if not site.args.spool_size:
        return
    path = os.path.join(site.dir, "disk", "filler")
    try:
        with open(path, "wb") as f:
            while True:
                f.write(bytes(1 << 16))
                f.flush()
    except OSError:
        pass
    time.sleep(site.rng.uniform(0.3, 2))
    os.unlink(path)


def no_inodes(site):
    if not site.args.spool_size:
        return
    path = os.path.join(site.dir, "disk", "many")
    os.mkdir(path)
    try:
        for i in range(10 ** 6):
            os.close(os.open(os.path.join(path, str(i)), os.O_CREAT | os.O_WRONLY))
    except OSError:
        pass
    time.sleep(site.rng.uniform(0.3, 1.5))
    shutil.rmtree(path)


def read_only(site):
    if not site.args.spool_size:
        return
    disk = os.path.join(site.dir, "disk")
    if run("mount", "-o", "remount,ro", disk).returncode == 0:	# busy while a file is open for writing
        time.sleep(site.rng.uniform(0.2, 1.5))
        run("mount", "-o", "remount,rw", disk)


def cancel_some(site):
    ids = [id for id, right in list(site.notes.items()) if id[0] != "?" and "owner" not in right]
    some = site.rng.sample(ids, min(len(ids), site.rng.choice((1, 5, 30))))
    for id in some:
        site.notes[id] = dict(site.notes[id], cancelled=True)
    if some:
        run(os.path.join(BIN, "cee-cancel"), *some, env=site.env)


def kill_web(site):
    if site.web:
        site.web.kill(site.rng.random() < 0.5)
        time.sleep(site.rng.uniform(0, 0.5))
        site.web.start()


def kill_cgi(site):
    if site.web:
        site.web.kill_cgi()


def kill_engine(site):
    if site.engine:
        site.engine.kill("pid")
        time.sleep(site.rng.uniform(0, 2))
        site.engine.start()


def kill_containerd(site):
    if site.engine:
        site.engine.kill("exec/containerd/containerd.pid")	# its dockerd starts another
        time.sleep(site.rng.uniform(1, 3))


HARMS = [kill_web, kill_cgi, kill_engine, kill_containerd, cancel_some, read_only, kill_runner, kill_runner, stop_runner, kill_box, kill_submitter, engine_gone, disk_full, no_inodes] + \
    [engine_harm(k) for k in ("delay", "refuse", "cut", "error", "garbage", "stall")] + [
        shim_harm("slow_sync", {"sync_delay_ms": (50, 400, 900)}),
        shim_harm("failing_sync", {"sync_fail": (50, 500)}),
        shim_harm("no_descriptors", {"no_descriptor": (50, 300)}),
        shim_harm("no_memory", {"no_memory": (50, 300)}),
        shim_harm("clock_steps", {"clock_step_us": (-3600 * 10 ** 6, -10 ** 6, 10 ** 6, 3600 * 10 ** 6)})]


def ended(site, notes):
    return sum(1 for id, right in list(notes.items())
               if glob.glob(os.path.join(site.spool, right.get("owner", site.owner), OUT_PATH, id, "job")))


def ended_by_itself(site, name, notes):
    """Only a runner that could not begin for want of memory or descriptors may end, with 71: it is started again."""
    process = site.runners[name][0]
    with open(site.log.name, errors="replace") as f:
        began = any(" start " in line and ".%d." % process.pid in line for line in f)
    if began or process.returncode != os.EX_OSERR:
        notes["?runner-%s-%d" % (name, process.pid)] = {"kind": "a runner ended by itself, status %d" % process.returncode}
    site.start_runner(name)


def settle(site, notes, seconds):
    """no harm any more: everything must come to its end"""
    site.proxy.harm = "none"
    for process, control in site.runners.values():
        control.calm()
        process.send_signal(signal.SIGCONT)
    end = time.time() + seconds
    while time.time() < end and ended(site, notes) < sum(1 for n in notes if n[0] != "?"):
        time.sleep(0.2)
        for name, (process, _) in list(site.runners.items()):
            if process.poll() is not None:
                ended_by_itself(site, name, notes)
    for process, _ in site.runners.values():
        process.terminate()
    for process, _ in site.runners.values():
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            notes["?stop"] = {"kind": "a runner did not end within 60 s of SIGTERM"}


def verdict(site, notes, done, began):
    strange = ["%s: %s" % (k, v["kind"]) for k, v in notes.items() if k[0] == "?"]
    real = {k: v for k, v in notes.items() if k[0] != "?"}
    findings, counts = check.check(site.spool, site.owner, real, "clock_steps" in done)
    fsck = run(os.path.join(BIN, "cee-fsck"), "--fix", env=site.env)
    fsck = run(os.path.join(BIN, "cee-fsck"), env=site.env)
    if fsck.returncode:
        findings.append("cee-fsck: %s" % fsck.stdout.strip())
    end = time.time() + 10	# the engine may still be at it
    while site.boxes() and time.time() < end:
        time.sleep(0.2)
    if site.boxes():	# made by the engine when the runner that asked for it had gone: the next runner's to remove
        done["box_of_a_late_engine"] = len(site.boxes())
        once = run(os.path.join(BIN, "cee-runner"), "--once", env=dict(site.env, DOCKER_HOST="unix://" + site.socket), timeout=120)
        site.log.write(once.stderr.encode())
    left = site.containers()
    if left:
        findings.append("%d boxes are left: %s" % (len(left), "; ".join("%s of %s, %s" % (
            c["Id"], c["Labels"].get("cee.runner"), c["Status"]) for c in left)))
    for line in (strange + findings)[:20]:
        print("WRONG %s" % line)
    print("seed %d: %d jobs in %.0f s; %s; harm: %s; %d wrong" % (
        site.args.seed, len(real), time.time() - began, ", ".join("%d %s" % (n, w) for w, n in sorted(counts.items())),
        ", ".join("%d %s" % (n, h) for h, n in sorted(done.items())) or "none", len(strange) + len(findings)))
    return 1 if strange or findings else 0


def storm(site):
    args, notes, done, began = site.args, site.notes, {}, time.time()
    harms = [h for h in HARMS if not args.only or h.__name__ in args.only.split(",")]
    site.start_runner("a")
    if site.rng.random() < 0.7:
        site.start_runner("b")
    each = args.jobs // args.clients
    site.clients = [Client(site, args.seed * 1000 + i, each + (i < args.jobs % args.clients), notes, i) for i in range(args.clients)]
    if site.web:
        for client in site.clients[::2]:
            client.n //= 2
            site.clients.append(WebClient(site, random.Random(args.seed * 77 + client.number), jobs.make, client.n, notes, client.number))
    for client in site.clients:
        client.start()
    while any(c.is_alive() for c in site.clients) or ended(site, notes) < 0.9 * len(notes):
        harm = site.rng.choice(harms)
        done[harm.__name__] = done.get(harm.__name__, 0) + 1
        harm(site)
        for name, (process, _) in list(site.runners.items()):
            if process.poll() is not None:
                ended_by_itself(site, name, notes)
        time.sleep(site.rng.uniform(0.05, 0.7))
        if time.time() - began > args.seconds:
            break
    for client in site.clients:
        client.join(60)
    settle(site, notes, args.settle)
    return verdict(site, notes, done, began)


def power(site):
    """the runner dies at its k-th change of the spool, k rising; what a power cut may leave is left; a new one must go on"""
    notes, done, began, k = {}, {}, time.time(), site.args.first
    while time.time() - began < site.args.seconds and k < site.args.first + site.args.jobs:
        client = Client(site, site.args.seed * 1000 + k, 2, notes, k)
        client.start()
        client.join(30)
        site.start_runner("a")
        process, control = site.runners["a"]
        control.set(kill_at=k, power=1)
        end = time.time() + 20
        while process.poll() is None and time.time() < end and ended(site, notes) < len(notes):
            time.sleep(0.02)
        died = process.poll() is not None
        if not died:
            process.terminate()
        process.wait(30)
        for box in site.boxes():	# a power cut ends them too
            try:
                Engine().call("DELETE", "/containers/%s?force=1&v=1" % box)
            except RuntimeError:
                pass
        site.reboot()
        done["power_cut" if died else "lived"] = done.get("power_cut" if died else "lived", 0) + 1
        k += site.args.step
    site.start_runner("a")
    settle(site, notes, site.args.settle)
    return verdict(site, notes, done, began)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--jobs", type=int, default=300)
    p.add_argument("--seed", type=int, default=int(time.time()))
    p.add_argument("--clients", type=int, default=4)
    p.add_argument("--only", default="")
    p.add_argument("--power", action="store_true")
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--step", type=int, default=1)
    p.add_argument("--spool-size", type=int, default=0, help="a tmpfs of so many MiB, for a disk that gets full")
    p.add_argument("--seconds", type=int, default=600)
    p.add_argument("--settle", type=int, default=120)
    p.add_argument("--web", action="store_true", help="half of the jobs come by POST, through lighttpd")
    p.add_argument("--own-engine", action="store_true", help="a second dockerd, which may be killed (root)")
    p.add_argument("--keep", action="store_true", help="leave spool, notes and the runners' log")
    p.add_argument("--keep-wrong", action="store_true", help="the same when something was wrong")
    args = p.parse_args()
    if args.own_engine and os.geteuid() != 0:
        sys.exit("harm.py: --own-engine: needs root, because it starts a dockerd")
    site, wrong = Site(args), True
    try:
        wrong = power(site) if args.power else storm(site)
        return wrong
    finally:
        site.close(wrong)


if __name__ == "__main__":
    sys.exit(main())
