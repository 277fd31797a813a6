"""benchlib - what the parts of tests/bench share: a runner of their own, clocks, figures

A part is a file of tests/bench-parts with TITLE and measure(bench). It runs
what it compares in turn, so that load on the machine affects both, and reports medians
and ratios of that same run. It leaves nothing behind.
"""
import base64, contextlib, glob, json, os, shutil, signal, statistics, subprocess, sys, time

import engineapi
from spoolnames import OUT_PATH

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("CEE_BIN", os.path.join(ROOT, "bin"))
CORES = len(os.sched_getaffinity(0))
HELLO_ASM = r"""
static long call(long n, long a, long b, long c)
{
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
}
void _start(void) { call(1, 1, (long)"hello\n", 6); call(231, 0, 0, 0); }
"""


def python():
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else os.path.realpath(sys.executable)


def median(values):
    return statistics.median(values) if values else None


class Skip(Exception):
    """A part, or a way of it, that cannot be measured here; says why."""


# ---- clocks -------------------------------------------------------------------------------

def first_byte(argv, env=None, cwd=None, stdin=subprocess.DEVNULL):
    """Starts a program: ms to its first byte of output, and to its end."""
    begin = time.perf_counter()
    p = subprocess.Popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    fd = p.stdout.fileno()
    data = os.read(fd, 1)
    first = time.perf_counter()
    while os.read(fd, 1 << 20):
        pass
    words = p.stderr.read()
    status = p.wait()
    end = time.perf_counter()
    p.stdout.close(), p.stderr.close()
    if status or not data:
        raise SystemExit("bench: %s: status %d, %s" % (" ".join(argv)[:200], status, words.decode(errors="replace")[-300:]))
    return (first - begin) * 1000, (end - begin) * 1000


def busy():
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return sum(v), v[3] + v[4]


def settle(most=1.5):
    """Waits until the processors have next to nothing to do: what one way leaves behind (an
    engine that takes a container away) must not be paid by the next."""
    end = time.time() + most
    while time.time() < end:
        total, idle = busy()
        time.sleep(0.05)
        now, still = busy()
        if now > total and (still - idle) / (now - total) > 0.85:
            return


def turns(ways, n, warm_up=1):
    """ways: name -> function, called in turn n times; a function may say None: not this time.
    Returns name -> list of what it returned, rows kept together by position."""
    rows = {name: [] for name in ways}
    for i in range(n + warm_up):
        for name, way in ways.items():
            settle()
            value = way()
            if i >= warm_up:
                rows[name].append(value)
    return rows


def ratio(rows, a, b, pick=lambda v: v):
    """The median of a's values over b's, row by row."""
    return median([pick(x) / pick(y) for x, y in zip(rows[a], rows[b]) if x is not None and y is not None])


def med(rows, name, pick=lambda v: v):
    return median([pick(v) for v in rows[name] if v is not None])


# ---- the engine ---------------------------------------------------------------------------

def has_image(name):
    return engineapi.Engine().ask("GET", "/images/%s/json" % name)[0] == 200


def docker_run(image, argv, work=None, memory="384m", interactive=False):
    """The command that a user would type, locked down as a box is."""
    if not shutil.which("docker"):
        raise Skip("there is no docker client to compare with")
    out = ["docker", "run", "--rm", "--network", "none", "--cap-drop", "ALL", "--read-only", "--security-opt",
           "no-new-privileges", "--memory", memory, "--memory-swap", memory, "--pids-limit", "130", "--ipc", "private",
           "--user", "899999:899999", "--log-driver", "none", "--tmpfs", "/work:rw,exec,size=64m,uid=899999",
           "--tmpfs", "/tmp:rw,exec,size=64m", "-w", "/work", "-e", "HOME=/tmp"]
    if work:
        out += ["-v", work + ":/src:ro"]
    return out + (["-i"] if interactive else []) + [image] + argv


def bubblewrap(argv, root="/", work=None, env=()):
    """The same in bubblewrap: every namespace of its own, nothing but what a box shows."""
    if not shutil.which("bwrap"):
        raise Skip("there is no bwrap: scripts/install-deps bench")
    out = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
           "--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    if work:
        out += ["--ro-bind", work, "/tmp/src"]
    for name, value in env:
        out += ["--setenv", name, value]
    return out + ["--dir", "/tmp/work", "--chdir", "/tmp/work"] + argv


# ---- a runner of one's own ---------------------------------------------------------------

class Runner:
    """A spool and a runner in the bench's own folder, with the language "elf": a ready
    program that comes with the job, so that no interpreter is timed."""
    serial = 0

    def __init__(self, bench, conf="", durable=True, start=True, spool=None):
        Runner.serial += 1
        self.dir = os.path.join(bench.work, "runner-%d" % Runner.serial)
        os.makedirs(self.dir)
        os.chmod(self.dir, 0o755)
        shutil.copytree(os.path.join(ROOT, "etc/languages.d"), os.path.join(self.dir, "languages.d"))
        self.languages = {}
        for path in glob.glob(os.path.join(self.dir, "languages.d/*.json")):
            with open(path) as f:
                self.languages[json.load(f)["name"]] = path
        with open(self.languages["python"]) as f:
            lang = json.load(f)
        lang = {k: lang[k] for k in ("image", "source") if k in lang}
        lang.update(name="elf", title="a ready program", file="program", run=["./{file}", "{args}"], hello="",
                    warm={"min": 0, "max": 4})
        self.languages["elf"] = os.path.join(self.dir, "languages.d/elf.json")
        with open(self.languages["elf"], "w") as f:
            json.dump(lang, f)
        with open(os.path.join(self.dir, "cee.conf"), "w") as f:
            f.write("languages = %s/languages.d\nseccomp = %s/etc/seccomp.json\ninit = %s\n%s%s\n" % (
                self.dir, ROOT, os.path.join(BIN, "cee-init"), "" if durable else "durable = no\n",
                "\n".join(line.strip() for line in conf.splitlines())))
        self.spool = spool or os.path.join(self.dir, "spool")
        self.env = dict(os.environ, CEE_SPOOL=self.spool, CEE_CONF=os.path.join(self.dir, "cee.conf"))
        self.log = os.path.join(self.dir, "log")
        self.process = None
        self.owner = "uid-%d" % os.getuid()
        if start:
            self.start()

    def warm(self, **least):
        """Which languages have how many boxes made ahead; all others none. Before start()."""
        for name, path in self.languages.items():
            with open(path) as f:
                lang = json.load(f)
            lang["warm"] = {"min": least.get(name, 0), "max": max(least.get(name, 0), 4)}
            with open(path, "w") as f:
                json.dump(lang, f)
        return self

    def start(self, ready="self-test"):
        with open(self.log, "a") as f:
            self.process = subprocess.Popen([BIN + "/cee-runner"], env=self.env, stderr=f)
        end = time.monotonic() + 60
        while ready and ready not in self.text():
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("bench: the runner does not begin: " + self.text()[-500:])
            time.sleep(0.02)
        return self

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.stop()

    def stop(self):
        p, self.process = self.process, None
        if not p:
            return
        p.send_signal(signal.SIGCONT)
        for _ in range(2):
            p.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                p.wait(1)
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            p.wait(60)
            return
        p.kill()
        p.wait()

    def run(self, *argv, box=None):
        """cee-submit -w: ms to the first byte and to the end; None when the job had
        another box than the one asked for."""
        verdict = os.path.join(self.dir, "verdict-%d" % Runner.serial)
        Runner.serial += 1
        times = first_byte([BIN + "/cee-submit", "-w", "--verdict", verdict, *argv], self.env)
        with open(verdict) as f:
            self.result = json.load(f)
        os.unlink(verdict)
        return times if box in (None, self.result.get("box")) else None

    def ready_boxes(self):
        return self.text().count("to=ready")

    def submit(self, lines, *options):
        """Jobs, one a line, by one cee-submit; their ids."""
        r = subprocess.run([BIN + "/cee-submit", *options, "-"], input=lines, env=self.env,
                           stdout=subprocess.PIPE, check=True)
        return r.stdout.decode().split()

    def results(self):
        return glob.glob(os.path.join(self.spool, "*", OUT_PATH, "*", "result"))

    def wait_for(self, ids, seconds=600):
        subprocess.run([BIN + "/cee-stat", "--wait", "-"], input="\n".join(ids).encode(), env=self.env,
                       stdout=subprocess.DEVNULL, timeout=seconds)

    def cpu_ms(self):
        """Of all its threads, since it began."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            ticks = f.read().rsplit(")", 1)[1].split()
        return (int(ticks[11]) + int(ticks[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        with open("/proc/%d/status" % self.process.pid) as f:
            return next(int(l.split()[1]) / 1024 for l in f if l.startswith("VmRSS"))


def until(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def elf_job(path, arguments=(), **more):
    """A job of the language elf as one line of JSON."""
    with open(path, "rb") as f:
        data = base64.b64encode(f.read()).decode()
    return json.dumps(dict(language="elf", arguments=list(arguments), files=[
        {"name": "program", "mode": "0755", "base64": data}], **more))


# ---- figures ---------------------------------------------------------------------------------

class Bench:
    def __init__(self, work, quick=False, history=None):
        self.work, self.quick, self.history = work, quick, history
        self.part = None
        self.figures, self.skipped = [], []

    def n(self, full, quick=None):
        return (quick or max(3, full // 5)) if self.quick else full

    def hello(self):
        """The smallest static program: no libc, one write."""
        path = os.path.join(self.work, "hello")
        if not os.path.exists(path):
            source = path + ".c"
            with open(source, "w") as f:
                f.write(HELLO_ASM if os.uname().machine == "x86_64" else
                        '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n')
            free = ["-nostdlib", "-ffreestanding", "-Wl,-n"] if os.uname().machine == "x86_64" else []
            subprocess.run(["gcc", "-O2", "-s", "-static", *free, "-o", path, source], check=True)
        return path

    def program(self, name, text):
        path = os.path.join(self.work, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def figure(self, name, value, unit, against=None, base=None, ratio=None, target=None, met=None, note=None):
        """ratio: value over base, in the same run. target: the issue's words; met: whether."""
        if value is None:
            self.skip(name, "no run of it was what it should be")
            return
        f = dict(part=self.part, name=name, value=value, unit=unit, against=against, base=base,
                 ratio=ratio if ratio is not None else value / base if base else None,
                 target=target, met=met, note=note)
        self.figures.append(f)
        print(line(f), flush=True)

    def skip(self, name, why):
        self.skipped.append(dict(part=self.part, name=name, why=why))
        print("  %-44s skipped: %s" % (name, why), flush=True)


def number(v):
    return "-" if v is None else "%.0f" % v if abs(v) >= 100 else "%.1f" % v if abs(v) >= 10 else "%.2f" % v


def line(f):
    compared = ""
    if f["base"] is not None:
        compared = "%s %s" % (f["against"], number(f["base"]))
    text = "  %-44s %8s %-5s %-26s %7s" % (f["name"][:44], number(f["value"]), f["unit"], compared[:26],
                                           "x " + number(f["ratio"]) if f["ratio"] is not None else "")
    if f["target"]:
        text += "  %s: %s" % ("met" if f["met"] else "NOT MET", f["target"])
    elif f["note"]:
        text += "  " + f["note"]
    return text.rstrip()
