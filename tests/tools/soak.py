#!/usr/bin/env python3
"""soak.py [--jobs N] [--owners N] [--seed S] [--keep] [--leak N] - a day's load through one runner: does anything grow?

Submits N small jobs of many owners (4 at a time, in waves, so that boxes come and go) with every kind of end, with
retention on (keep = 20s, cee-prune at work), and samples the runner's memory, descriptors and inotify watches, the spool's size
and the boxes. The first quarter is its warm-up; what then grows by more than ROOM is wrong. At the end the runner must
have counted as many ends of each kind as were submitted, and cee-fsck must find the spool sound.

How many descriptors a runner has follows its pool and its jobs: one stream and one cgroup for each box, up to a dozen files for each
attempt. So what is judged is the descriptors beyond these: all, less those of files of claimed jobs, cgroups that are there, and a
stream for each box. --leak N is the control: each N-th file of an attempt that the runner closes stays open.

Prints figures; exit status 1 when something grows or is lost.
"""
import argparse, collections, glob, json, os, random, re, shutil, signal, subprocess, sys, tempfile, threading, time, urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("CEE_BIN", os.path.join(ROOT, "bin"))
sys.path.insert(0, os.path.join(ROOT, "tests", "tools"))
from engineapi import Engine

AT_ONCE, BATCH, KEEP = 4, 50, 20  # owners in a wave; jobs of each; seconds that a result stays
# What may be more at the end than after the warm-up: a share of it, and so much besides.
ROOM = {"memory KiB": (0.05, 2048), "descriptors of nothing": (0, 12), "watches": (0, 8), "boxes": (0, 8),
        "spool KiB a result": (0.2, 1), "files a result": (0.2, 1), "% kept of those of the last minute": (0.5, 20)}

# (of 1000, the job, the end that the runner counts)
KINDS = ((800, {"code": "true"}, "exited"),
         (80, {"code": "exit 3"}, "exited"),
         (50, {"code": "head -c 2000 /dev/zero | tr '\\0' x"}, "exited"),
         (30, {"code": "kill -SEGV $$"}, "signalled"),
         (20, {"code": "head -c 5000 /dev/zero", "limits": {"output": "1K"}}, "exited"),
         (10, {"code": "while :; do :; done", "limits": {"cpu": "0.1s"}}, "time limit"),
         (10, {"code": "sleep 0.05; echo x > f", "collect": ["f"]}, "exited"))


LEAK = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int close(int fd)
{
	static __thread int n;
	char path[64], to[512];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	len = readlink(path, to, sizeof to - 1);
	to[len < 0 ? 0 : len] = 0;
	if (strstr(to, "/out/") && ++n % EVERY == 0)
		return 0;
	return ((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);
}
"""


class Soak:
    def __init__(self, args):
        self.args, self.rng = args, random.Random(args.seed)
        self.dir = tempfile.mkdtemp(prefix="cee-soak-")
        self.spool, self.conf = self.dir + "/spool", self.dir + "/cee.conf"
        with open(self.conf, "w") as f:
            f.write("languages = %s/etc/languages.d\nseccomp = %s/etc/seccomp.json\ninit = %s/cee-init\nkeep = %ds\nwarm = 2\nboxes = 12\nmin_room = 1M\n"
                    % (ROOT, ROOT, BIN, KEEP))
        self.env = dict(os.environ, CEE_SPOOL=self.spool, CEE_CONF=self.conf)
        self.owners = ["http-web-s%d" % i for i in range(args.owners)]
        for owner in self.owners:
            self.cee("cee-fsck", "--make", owner)
        self.cee("cee-lang", "publish")
        self.log = self.dir + "/runner.log"
        env = dict(self.env, LD_PRELOAD=self.leak()) if args.leak else self.env
        self.runner = subprocess.Popen([BIN + "/cee-runner"], env=env, stdout=subprocess.DEVNULL, stderr=open(self.log, "ab"))
        self.ends, self.samples, self.submitted, self.ids, self.wrong, self.over = [], [], collections.Counter(), 0, [], threading.Event()

    def leak(self):
        shim = os.path.join(self.dir, "leak.so")
        subprocess.run([*os.environ.get("CC", "cc").split(), "-D_GNU_SOURCE", "-DEVERY=%d" % self.args.leak, "-shared", "-fPIC", "-O1",
                        "-x", "c", "-o", shim, "-", "-ldl"], input=LEAK, text=True, check=True)
        return shim

    def cee(self, name, *more, **kw):
        p = subprocess.run([os.path.join(BIN, name), *more], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
        if p.returncode:
            raise SystemExit("soak.py: %s: %s" % (name, p.stderr.strip()))
        return p.stdout

    # ---- the load ----

    def batch(self, owner, n):
        lines = []
        for _ in range(n):
            _, job, end = self.rng.choices(KINDS, [k[0] for k in KINDS])[0]
            lines.append(json.dumps(dict(job, language="bash", retries=0)))
            self.submitted[end] += 1
        out = self.cee("cee-submit", "--owner", owner, "-", input="\n".join(lines) + "\n")
        self.ids += len(set(out.split()))

    def waiting(self):
        return sum(len(os.listdir("%s/%s/new" % (self.spool, o))) for o in self.wave)

    def load(self):
        left = self.args.jobs
        while left > 0:
            self.wave = self.rng.sample(self.owners, min(AT_ONCE, len(self.owners)))
            for owner in self.wave:
                n = min(BATCH, left)
                if n:
                    self.batch(owner, n)
                left -= n
            while self.waiting() > AT_ONCE * 5:
                if self.runner.poll() is not None:
                    raise SystemExit("soak.py: the runner has ended: %s" % open(self.log).read()[-2000:])
                time.sleep(0.02)

    def prune(self):
        while not self.over.wait(5):
            for owner in self.owners:
                self.cee("cee-prune", "--owner", owner)

    # ---- the figures ----

    def metrics(self):
        """why -> how many have ended so"""
        ends = collections.Counter()
        for path in glob.glob(self.spool + "/metrics/*"):
            for why, n in re.findall(r'^cee_jobs_total\{runner="[^"]*",end="([^"]*)"\} (\d+)$', open(path).read(), re.M):
                ends[why] += int(n)
        return ends

    def boxes(self):
        filters = urllib.parse.quote(json.dumps({"label": ["cee.spool=" + os.path.realpath(self.spool)]}))
        return len(Engine().call("GET", "/containers/json?all=1&filters=" + filters))

    def descriptors(self):
        """how many there are, and which belong to no claimed job, no cgroup that is there and no box"""
        links = {}
        for fd in os.listdir("/proc/%d/fd" % self.runner.pid):
            try:
                links[fd] = os.readlink("/proc/%d/fd/%s" % (self.runner.pid, fd))
            except OSError:
                pass
        claimed = {os.path.basename(p).split(".")[0] for p in glob.glob(self.spool + "/cur/*/*/*")}
        streams, nothing = self.boxes(), set()
        for fd, to in links.items():
            job = re.search(r"/out/[^/]*/([0-9a-f-]{36})", to)
            if job and job.group(1) in claimed or to.startswith("/sys/fs/cgroup") and not to.endswith("(deleted)"):
                continue
            if to.startswith("socket:") and streams > 0:
                streams -= 1
                continue
            nothing.add((fd, to))
        return len(links), nothing

    def sample(self):
        n, nothing = self.descriptors()
        time.sleep(0.2)	# one that only ended meanwhile is gone by then
        nothing &= self.descriptors()[1]
        watches = 0
        for path in glob.glob("/proc/%d/fdinfo/*" % self.runner.pid):
            try:
                watches += open(path).read().count("inotify wd:")
            except OSError:
                pass
        status = open("/proc/%d/status" % self.runner.pid).read()
        size = files = results = 0
        for at, _, names in os.walk(self.spool):
            for name in names:
                try:
                    size, files = size + os.lstat(os.path.join(at, name)).st_blocks // 2, files + 1
                    results += name == "result"
                except OSError:
                    pass
        ended, now = sum(self.metrics().values()), time.monotonic()
        self.ends.append((now, ended))
        # Results are kept for a time, so how many there are follows the host's speed: what must stay level is the room
        # of each, and how many there are of those that ended lately.
        lately = ended - max([0] + [n for t, n in self.ends if t < now - 60])
        return {"ended": ended, "memory KiB": int(re.search(r"VmRSS:\s+(\d+)", status)[1]), "descriptors": n, "descriptors of nothing": len(nothing),
                "watches": watches, "boxes": self.boxes(), "spool KiB": size, "files": files,
                "results": results, "spool KiB a result": size / max(1, results), "files a result": files / max(1, results),
                "% kept of those of the last minute": 100 * results / max(1, lately)}

    def watch(self):
        while not self.over.wait(1):
            try:
                self.samples.append(self.sample())
            except (OSError, ValueError, RuntimeError) as e:
                print("  no sample: %s" % e)

    def judge(self):
        """the highest of a third after the warm-up against the highest of the last third: a level, not a moment"""
        end = self.args.jobs
        early = [s for s in self.samples if 0.25 * end <= s["ended"] < 0.5 * end]
        late = [s for s in self.samples if s["ended"] >= 0.75 * end]
        if not early or not late:
            self.wrong.append("too few samples: more jobs are needed")
            return
        for name, (share, more) in ROOM.items():
            a, b = max(s[name] for s in early), max(s[name] for s in late)
            slope = (b - a) / (0.5 * end) * 100000
            flat = b <= a * (1 + share) + more
            print("%-34s after the warm-up %7d, at the end %7d, by 100,000 jobs %+9.0f  %s" % (name, a, b, slope, "flat" if flat else "GROWS"))
            if not flat:
                self.wrong.append("%s grows: %d, then %d" % (name, a, b))

    def run(self):
        began = time.monotonic()
        threads = [threading.Thread(target=t, daemon=True) for t in (self.watch, self.prune)]
        for t in threads:
            t.start()
        self.load()
        end = time.monotonic() + 120
        while sum(self.metrics().values()) < self.args.jobs and time.monotonic() < end:
            time.sleep(0.5)
        seconds = time.monotonic() - began
        self.over.set()
        for t in threads:
            t.join()
        every = max(1, len(self.samples) // 12)
        for s in self.samples[::every]:
            print("  " + ", ".join("%s %d" % i for i in s.items()))
        ended = self.metrics()
        print("%d jobs of %d owners in %.0f s, %.0f a second; ends: %s" % (self.args.jobs, self.args.owners, seconds, self.args.jobs / seconds,
              ", ".join("%s %d" % i for i in sorted(ended.items()) if i[1])))
        if self.ids != self.args.jobs:
            self.wrong.append("%d ids were printed" % self.ids)
        if {k: v for k, v in ended.items() if v} != dict(self.submitted):
            self.wrong.append("other ends than were submitted: %s" % dict(self.submitted))
        self.judge()
        p = subprocess.run([BIN + "/cee-fsck"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            self.wrong.append("cee-fsck: " + p.stdout.strip()[-500:])

    def close(self):
        self.over.set()
        self.runner.send_signal(signal.SIGTERM)
        try:
            self.runner.wait(20)
        except subprocess.TimeoutExpired:
            self.runner.kill()
            self.runner.wait()
        if self.args.keep:
            print("kept: %s" % self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def main():
    args = argparse.ArgumentParser(usage=__doc__.split("\n")[0])
    args.add_argument("--jobs", type=int, default=100000)
    args.add_argument("--owners", type=int, default=40)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--keep", action="store_true")
    args.add_argument("--leak", type=int, default=0)
    args = args.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soak = Soak(args)
    try:
        soak.run()
    finally:
        soak.close()
    for text in soak.wrong:
        print("  wrong: " + text)
    print("soak.py --jobs %d --owners %d --seed %d: %s" % (args.jobs, args.owners, args.seed, "%d wrong" % len(soak.wrong) if soak.wrong else "flat"))
    return 1 if soak.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
