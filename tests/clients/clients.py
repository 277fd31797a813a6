#!/usr/bin/env python3
"""clients.py [--server NAME,…] [--connections N] [--seed S] [--seconds N] [--keep] - clients of every kind against the sample configurations

Starts each sample of etc/http as shipped (servers.py), with a real spool and a real runner, and plays on a schedule that
the seed decides: streams that fill the server; N connections at once, of which some are honest and others slow,
lying or gone (players.py); and every request of attacks.py, whose answers are known.

What holds throughout, and is looked at from outside: health answers within HEALTH_WITHIN; every answer has at most its
bytes; cee-http's processes stay within their memory and number, and end with their clients (watch.py); no 5xx but
503, and that and 429 with Retry-After; nothing of one caller reaches another. Afterwards processes, descriptors and temporary files are as
before, cee-fsck finds the spool sound, and every task that was answered with an id has ended exactly once.

Prints figures and the seed; exit status 1 when something was wrong. A seed that ever failed belongs into tests/clients/seeds.
"""
import argparse, asyncio, base64, collections, json, os, pwd, random, resource, shutil, signal, subprocess, sys, tempfile, time, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("CEE_BIN", os.path.join(ROOT, "bin"))
sys.path.insert(0, HERE)
import attacks, watch
from players import JSON, Player, play
from servers import NAMES, Server
from watch import MARK
from wire import Fault, Gone, Wire, now, request

OWNERS = ["u%d" % i for i in range(8)]
HEALTH_WITHIN = 30.0  # seconds; the host is busy with a thousand clients
BIG_SIZE = 2 << 20
LET_GO_WITHIN = 120.0  # seconds: the samples say 10 to 30 for each wait


def run(*argv, **more):
    """a program, to its end"""
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


class Site:
    """a spool, its runner and its callers"""

    def __init__(self, args, conf="jobs = 12\nowner_jobs = 12\nwarm = 0\n"):
        self.args, self.root, self.owners, self.users = args, ROOT, OWNERS, OWNERS + ["victim"]
        self.dir = tempfile.mkdtemp(prefix="cee-clients-")
        os.chmod(self.dir, 0o755)
        self.web = pwd.getpwnam("www-data") if os.getuid() == 0 else None
        self.as_web = ["setpriv", "--reuid=%d" % self.web.pw_uid, "--regid=%d" % self.web.pw_gid, "--clear-groups"] if self.web else []
        self.bin, self.spool, self.conf = self.dir + "/bin", self.dir + "/spool", self.dir + "/cee.conf"
        shutil.copytree(BIN, self.bin)  # the checkout need not be for other users
        shutil.copy(os.path.join(ROOT, "etc/seccomp.json"), self.dir)
        os.mkdir(self.dir + "/http", 0o700)
        self.give(self.dir + "/http")
        with open(self.conf, "w") as f:
            f.write("languages = %s/etc/languages.d\nseccomp = %s/seccomp.json\ninit = %s/cee-init\nmin_room = 1M\n"
                    "ceiling.run.wall = 900s\nhttp_state = %s/http\nhttp_tokens = %s/tokens\nmax_queued = 2000\n%s%s"
                    % (ROOT, self.dir, BIN, self.dir, self.dir, conf, "http_user = www-data\n" if self.web else ""))
        self.env = dict(os.environ, CEE_SPOOL=self.spool, CEE_CONF=self.conf)
        for part in ["--shared"] if self.web else ["http-web-" + u for u in self.users]:
            self.cee("cee-fsck", "--make", part)
        self.cee("cee-lang", "publish")
        self.hash = run("openssl", "passwd", "-apr1", "secret").stdout.strip()
        self.token = {u: "Authorization: Bearer " + self.cee("cee-token", "add", u).split()[-1] for u in self.users}
        self.basic = {u: "Authorization: Basic " + base64.b64encode(("%s:secret" % u).encode()).decode() for u in self.users}
        os.chmod(self.dir + "/tokens", 0o644)
        self.runner = subprocess.Popen([os.path.join(BIN, "cee-runner")], env=self.env, stdout=subprocess.DEVNULL, stderr=open(self.dir + "/runner.log", "ab"))
        self.taken, self.faults, self.counts, self.times = {}, [], collections.Counter(), collections.defaultdict(list)
        self.ids, self.big, self.sleeper, self.last, self.marks, self.begun = collections.defaultdict(list), {}, {}, 0, 0, 0
        self.big_size, self.big_sum = BIG_SIZE, zlib.crc32(b"\1" * BIG_SIZE)
        self.watch = watch.Watch(self)

    def cee(self, name, *more):
        p = run(os.path.join(BIN, name), *more, env=self.env)
        if p.returncode:
            raise SystemExit("clients.py: %s: %s" % (name, p.stderr))
        return p.stdout

    def give(self, path):
        for at, _, names in os.walk(path):
            for p in [at] + [os.path.join(at, n) for n in names]:
                os.chown(p, *((self.web.pw_uid, self.web.pw_gid) if self.web else (-1, -1)))

    def number(self):
        self.last += 1
        return self.last

    def job(self, owner):
        self.marks += 1
        mark = "mk-%s-%d-" % (owner, self.marks)
        return mark, json.dumps({"language": "bash", "code": "echo " + mark})

    def took(self, id, owner, mark, may_cancel=False):
        if id in self.taken:
            self.fault("the id %s was given twice" % id)
        self.taken[id] = (owner, mark, may_cancel)
        if not may_cancel:
            self.ids[owner].append(id)

    # ---- what is right ----

    def fault(self, text):
        self.faults.append(text)
        if len(self.faults) <= 40:
            print("  wrong: " + text, flush=True)

    @staticmethod
    def foreign(data, owner):
        return [m for m in MARK.findall(data) if m[0].decode() != owner]

    def refusal(self, kind, status, headers):
        if status in (429, 503) and "retry-after" not in headers:
            self.fault("%s: %d without Retry-After: %s" % (kind, status, headers))
        elif status >= 500 and status != 503:
            self.fault("%s: %d" % (kind, status))

    def right(self, kind, owner, answer):
        self.counts[kind, answer.status] += 1
        self.refusal(kind, answer.status, dict(answer.headers))
        if self.foreign(answer.body, owner):
            self.fault("%s: the answer to %s has a mark of another owner" % (kind, owner))
        if answer.status not in (200, 201, 202, 204, 206, 404, 409, 429, 503):
            self.fault("%s: %d %s" % (kind, answer.status, answer.body[:200]))

    def took_time(self, kind, seconds):
        self.times[kind].append(seconds)

    # ---- before and after ----

    def close(self):
        self.watch.end.set()
        self.runner.send_signal(signal.SIGTERM)
        try:
            self.runner.wait(15)
        except subprocess.TimeoutExpired:
            self.runner.kill()
            self.runner.wait()
        if self.args.keep:
            print("kept: %s" % self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


# ---- the acts --------------------------------------------------------------------------------------------

async def prepare(site, server):
    """what the players read: a small and a large output of everybody, and one task that runs all the time"""
    async def one(owner):
        p = Player(site, server, random.Random(owner))
        p.owner = owner
        for _ in range(2):
            site.ids[owner].append(await p.post("?wait=30"))
        mark = site.job(owner)[0]
        for code, to in (("head -c %d /dev/zero | tr '\\0' '\\1'" % BIG_SIZE, site.big), ("echo %s; sleep 800" % mark, site.sleeper)):
            job = {"language": "bash", "code": code, "limits": {"wall": 900}}
            wait = "?wait=40" if to is site.big else ""
            answer = await p.served("prepare", "POST", "/tasks" + wait, [JSON], json.dumps(job).encode())
            if answer.status != 201:
                raise SystemExit("clients.py: %s: %d %s" % (server.name, answer.status, answer.body[:300]))
            to[owner] = json.loads(answer.body)["id"]
    await asyncio.gather(*(one(u) for u in site.users))


async def ask_health(site, server, within):
    """how long it took"""
    wire, began = Wire(server, "127.0.%d.9" % random.randrange(1, 250)), now()
    try:
        async def ask():
            await wire.open()
            wire.send(request("GET", "/healthz"))
            return await wire.answer()
        answer = await asyncio.wait_for(ask(), within)
        if answer.status != 200:
            site.fault("health: %d %s" % (answer.status, answer.body[:100]))
    except (asyncio.TimeoutError, Gone, OSError) as e:
        site.fault("health: no answer after %.1f s: %s %s" % (now() - began, type(e).__name__, e))
    finally:
        wire.close()
    return now() - began


async def health(site, server, stop):
    """asks all the time; the longest that it took, and how often"""
    longest, n = 0.0, 0
    while not stop.is_set():
        longest, n = max(longest, await ask_health(site, server, HEALTH_WITHIN)), n + 1
        await asyncio.sleep(0.3)
    return longest, n


async def full(site, server):
    """streams until the server has no room for more, and they stay: health and others get an answer all the same, if only a 503"""
    site.over, site.begun = asyncio.Event(), 0
    streams = [asyncio.create_task(play_one(site, server, i, "stream")) for i in range(site.args.connections)]
    last, since = -1, now()
    while site.begun < len(streams) and now() - since < 5:	# all are in or refused, or no more get in
        if site.begun != last:
            last, since = site.begun, now()
        await asyncio.sleep(0.1)
    p = Player(site, server, random.Random(1))
    try:
        answer = await p.ask("quick, while streams are full", "GET", "/tasks/" + site.ids[p.owner][0])
        await ask_health(site, server, 60)
    except Fault as e:
        site.fault(e)
    site.over.set()
    await asyncio.gather(*streams)
    return answer.status


async def play_one(site, server, seed, what):
    p = Player(site, server, random.Random(seed))
    p.owner = site.owners[seed % len(site.owners)]
    try:
        await getattr(p, what)()
    except (Fault, Gone, OSError, asyncio.TimeoutError) as e:
        site.fault("%s (%s): %s %s" % (p.owner, what, type(e).__name__, e))


async def storm(site, server, seconds):
    rng, site.over = random.Random(site.args.seed), asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, site.over.set)
    await asyncio.gather(*(play(site, server, rng.getrandbits(32), rng.uniform(0, 2)) for _ in range(site.args.connections)))


async def same_key(site, server):
    """a key is its owner's: the same one of another is another task"""
    ids = []
    for owner in ("victim", "u0"):
        p = Player(site, server, random.Random(owner))
        p.owner = owner
        mark, job = site.job(owner)
        answer = await p.served("same key", "POST", "/tasks", [JSON, "Idempotency-Key: shared-%s" % server.name], job.encode())
        ids.append(json.loads(answer.body)["id"])
        site.took(ids[-1], owner, mark)
    if len(set(ids)) != 2:
        site.fault("two owners' tasks of one key: %s" % ids)


async def attack(site, server):
    """each request alone; returns how many there were"""
    owner, n = "u0", 0
    p = Player(site, server, random.Random(5))
    p.owner, p.login = owner, lambda: site.token[owner]
    marks = []

    def job():
        mark, text = site.job(owner)
        marks.append(mark)
        return text

    def body():
        site.watch.bodies.add(site.number())
        return site.last
    own = await p.served("ticket", "POST", "/tasks", [JSON], job().encode())
    own = json.loads(own.body)
    site.took(own["id"], owner, marks.pop())
    await same_key(site, server)
    c = attacks.context(victim=site.ids["victim"][0], other="victim", own=site.ids[owner][0], token=site.token[owner], own_ticket=own["ticket"],
                        wrong="Authorization: Basic " + base64.b64encode(b"victim:wrong").decode(), job=job, body=body,
                        forged=own["ticket"].replace("-u0", "-victim"))
    for name, what, statuses in attacks.everything(c):
        n += 1
        data, end = what if isinstance(what, tuple) else (what, None)
        wire = Wire(server, "127.0.%d.%d" % (1 + n % 200, 1 + n // 200))
        wire.number, answer = site.number(), None
        try:
            await wire.open()
            wire.send(data)
            if end:
                await wire.writer.drain()
                wire.half_close()
            answer = await asyncio.wait_for(wire.answer(head=name.startswith("no login: HEAD")), 45)
        except (Gone, OSError):
            pass
        except asyncio.TimeoutError:
            site.fault("%s: no answer and no end within 45 s" % name)
        except Fault as e:
            if "not an answer" not in str(e) or "HTTP/0.9" not in name:
                site.fault("%s: %s" % (name, e))
        finally:
            wire.close()
        status = answer.status if answer else 0
        site.counts["attack", status] += 1
        if status == 201:
            id = json.loads(answer.body)["id"]
            if not (name.startswith("key ") and id in site.taken):	# an earlier server's task of that key
                site.took(id, owner, marks[-1])
        if status not in statuses:
            site.fault("%s: %d %r" % (name, status, answer.body[:160] if answer else b""))
        if answer and (site.foreign(answer.body, owner) or (name.startswith(tuple(attacks.ALWAYS)) and MARK.search(answer.body))):
            site.fault("%s: the answer has a mark of somebody" % name)
    return n


async def let_go(site, server):
    """what does not go on is ended by the server: a silent connection, half of a header, half of a body"""
    head = request("POST", "/tasks", [site.token["u1"], JSON, "Content-Length: 100"])
    for kind, plain, data in (("a silent connection", True, b""), ("half of a header", False, head[:40]), ("half of a body", False, head + b"{")):
        async def one(kind, plain, data):
            wire, began = Wire(server, "127.0.251.1"), now()
            try:
                await wire.open(plain)
                wire.send(data)
                while await asyncio.wait_for(wire.some(), LET_GO_WITHIN):
                    pass
            except (OSError, Gone):
                pass
            except asyncio.TimeoutError:
                site.fault("%s is not ended within %d s" % (kind, LET_GO_WITHIN))
            finally:
                wire.close()
            return now() - began
        yield asyncio.create_task(one(kind, plain, data))


async def cause_is_logged(site, server):
    """a failure of cee: 500 without its cause, which is in a log of the sample"""
    conf = open(site.conf).read()
    with open(site.conf, "w") as f:
        f.write(conf.replace("http_state = %s/http" % site.dir, "http_state = /nonexistent\nhttp_jobs = 100"))
    wire = await Wire(server).open()
    wire.send(request("POST", "/tasks", [site.token["u0"], JSON], site.job("u0")[1].encode()))
    answer = await wire.answer()
    wire.close()
    with open(site.conf, "w") as f:
        f.write(conf)
    await asyncio.sleep(0.5)
    logs = [os.path.join(server.dir, n) for n in os.listdir(server.dir) if n.endswith((".log", "stderr"))]
    if answer.status != 500 or b"/nonexistent" in answer.body or not any(b"/nonexistent/quota" in watch.read(n) for n in logs):
        site.fault("a failure is not in a log, or in the answer: %d %s" % (answer.status, answer.body))


async def erase_sleepers(site, server):
    for owner in site.users:
        p = Player(site, server, random.Random(owner))
        p.owner = owner
        await p.served("cancel", "DELETE", "/tasks/%s?cancel&wait=20" % site.sleeper[owner])


def wait_for(seconds, right):
    end = now() + seconds
    while not right() and now() < end:
        time.sleep(0.2)
    return right()


async def one_server(site, name):
    began, server = now(), Server(site, name)
    stop, site.opening = asyncio.Event(), asyncio.Semaphore(50)	# handshakes at a time, of the connections that then stay
    try:
        await prepare(site, server)
        wait_for(10, lambda: not site.watch.processes())
        before = server.descriptors()
        site.watch.most_processes = site.watch.most_memory = site.watch.most_body_memory = 0
        site.watch.longest = 0.0
        prober = asyncio.create_task(health(site, server, stop))
        idle = [t async for t in let_go(site, server)]
        quick = await full(site, server)
        await storm(site, server, site.args.seconds)
        attacked = await attack(site, server)
        idle = max(await asyncio.gather(*idle))
        stop.set()
        longest, asked = await prober
        await cause_is_logged(site, server)
        await erase_sleepers(site, server)
        loop = asyncio.get_running_loop()
        settled = await loop.run_in_executor(None, settle, site, server, before)
    finally:
        server.stop()
    print("%-12s %4d s  health %d times, longest %.2f s; a quick answer while streams are full: %d, %.2f s; %d attacks; idle ones are let go after %.0f s; cee-http: %d at once, %d MiB, %d MiB with "
          "a body, %.1f s after its client; descriptors %d -> %d" % (name, now() - began, asked, longest, quick, site.times["quick, while streams are full"][-1], attacked, idle,
          site.watch.most_processes, site.watch.most_memory >> 20, site.watch.most_body_memory >> 20, site.watch.longest, before, settled), flush=True)


def settle(site, server, before):
    """everything as it was: processes, descriptors, temporary files"""
    if not wait_for(30, lambda: not site.watch.processes()):
        site.fault("%s: %d processes of cee-http are left" % (server.name, len(site.watch.processes())))
    if not wait_for(45, lambda: server.descriptors() <= before + 8):
        site.fault("%s: %d descriptors, %d before" % (server.name, server.descriptors(), before))
    w = site.watch
    for what, value, most in (("cee-http at once", w.most_processes, server.most), ("MiB of a cee-http", w.most_memory >> 20, watch.MEMORY_MOST >> 20),
                              ("MiB of a cee-http that read a body", w.most_body_memory >> 20, watch.BODY_MEMORY_MOST >> 20)):
        if value > most:
            site.fault("%s: %d %s, %d are the most" % (server.name, value, what, most))
    for alone in w.late.values():
        site.fault("%s: a cee-http lived on for %.1f s after its client" % (server.name, alone))
    w.late.clear()
    if server.temporary():
        site.fault("%s: temporary files are left: %s" % (server.name, server.temporary()[:3]))
    if any(p.poll() is not None for p in server.started):
        site.fault("%s: the server has ended" % server.name)
    return server.descriptors()


def main():
    args = argparse.ArgumentParser(usage=__doc__.split("\n")[0])
    args.add_argument("--server", default=",".join(NAMES))
    args.add_argument("--connections", type=int, default=1000)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--seconds", type=float, default=12)
    args.add_argument("--keep", action="store_true")
    args = args.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(16384, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    site, began = Site(args), now()
    try:
        site.watch.start()
        for name in args.server.split(","):
            asyncio.run(one_server(site, name))
        new = lambda: [n for o in os.listdir(site.spool) if o.startswith("http-") for n in os.listdir("%s/%s/new" % (site.spool, o))]
        wait_for(180, lambda: not new() and not [f for _, _, fs in os.walk(site.spool + "/cur") for f in fs if len(f) > 37])
        for finding in watch.judge_jobs(site.spool, site.taken) + watch.judge_spool(site):
            site.fault(finding)
    finally:
        site.close()
    print("answers: " + ", ".join("%s %d: %d" % (k, s, n) for (k, s), n in sorted(site.counts.items())))
    print("%d tasks; slowest answer: %s" % (len(site.taken), ", ".join("%s %.1f s" % (k, max(v)) for k, v in sorted(site.times.items()))))
    print("clients.py --server %s --connections %d --seed %d: %d wrong, %.0f s" % (args.server, args.connections, args.seed, len(site.faults), now() - began))
    return 1 if site.faults else 0


if __name__ == "__main__":
    sys.exit(main())
