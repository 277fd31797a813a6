#!/usr/bin/env python3
"""run.py CLEAN MODE... - plants in a box and looks from its next job, without a runner

    control [NAME...]   each planter in a container of its own without cells: the probe
                        must find the plant there
    cells [NAME...]     each planter as a job of one box, its probe as the next one: it must
                        find nothing, and the box must be as it was, seen from outside too
    pile                all planters one after another, then all probes
    beside [NAME...]    a job of one box plants, and a job of another probes meanwhile: it may
                        see only what belongs to its own box
    drift N             N jobs in one box, planters among them: no drift

CLEAN is the program of main.c, static. Prints a line for each planter; the exit status is 1 if one
is not as it must be. tests/tools/initdrive.py speaks to cee-init.
"""
import os, re, statistics, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import initdrive

MB = 1 << 20
CLEAN = os.path.abspath(sys.argv[1])
BY_ROOT = 2
LATE = b"late words"
IMAGE = os.environ.get("CEE_TEST_IMAGE", "cee/python:latest")
WORK = "rw,nosuid,nodev,exec,size=16m,nr_inodes=1000,mode=%s,uid=%d,gid=%d"


def planters():
    text = subprocess.run([CLEAN, "list"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return {name: int(flags) for name, flags in (line.split() for line in text.splitlines())}


def chosen():
    names = planters()
    return {n: names[n] for n in sys.argv[3:]} if sys.argv[3:] else names


# ---- the control: a container without cells ---------------------------------------------

def control_body(name, flags):
    root = bool(flags & BY_ROOT)
    uid = 0 if root else 900999
    return {
        "Image": IMAGE, "Entrypoint": ["/clean", "control", name], "Cmd": [], "User": "%d:%d" % (uid, uid),
        "WorkingDir": "/work", "AttachStdout": True, "AttachStderr": True, "NetworkDisabled": True,
        "Env": ["PATH=/usr/bin:/bin"], "Labels": {"cee-test": "clean"},
        "HostConfig": {
            "AutoRemove": True, "ReadonlyRootfs": True, "CapDrop": ["ALL"], "IpcMode": "private",
            "CapAdd": ["SYS_ADMIN", "SYS_TIME", "NET_ADMIN"] if root else [],
            "NetworkMode": "none", "LogConfig": {"Type": "none"}, "SecurityOpt": ["seccomp=unconfined"],
            "MaskedPaths": [], "ReadonlyPaths": [], "Memory": 256 * MB, "MemorySwap": 256 * MB,
            "PidsLimit": 100, "ShmSize": 4 * MB,
            "Tmpfs": {"/work": WORK % ("0755", uid, uid), "/tmp": WORK % ("1777", uid, uid)},
            "Mounts": [{"Type": "bind", "Source": CLEAN, "Target": "/clean", "ReadOnly": True}],
        },
    }


def control(name, flags):
    """What the container prints until it has ended."""
    box = initdrive.call("POST", "/containers/create", control_body(name, flags))["Id"]
    sock, text = initdrive.attach(box, "stdout=1&stderr=1"), b""
    try:
        initdrive.call("POST", "/containers/%s/start" % box)
        sock.settimeout(60)
        while True:
            data = sock.recv(65536)
            if not data:
                return text
            text += data
    finally:
        sock.close()
        initdrive.remove(box)


def must_find():
    bad = 0
    for name, flags in chosen().items():
        text = control(name, flags)
        planted = b"planted" in text or b"denied" not in text
        seen = b"found:" in text or (LATE in text and name in ("words", "init-fds"))
        gone = planted and b"clean\n" not in text and b"found:" not in text and b"broken" not in text
        what = (re.findall(rb"(?:found|denied|broken): [^\n]*", text) or [b""])[-1].decode(errors="replace")
        ok = planted and (seen or gone)
        bad += not ok
        print("%-6s %-16s %s" % ("ok" if ok else "NOT OK", name, what if what else
                                 "found: late words" if LATE in text else
                                 "found: the box has died" if gone else repr(text)))
    return bad


# ---- a box with cells --------------------------------------------------------------------

class Box(initdrive.Box):
    def __init__(self, uid=900000):
        super().__init__(image=IMAGE, memory=512 * MB, pids=70, uid=uid)	# for 64 processes, a little over
        with open(CLEAN, "rb") as f:
            self.clean = f.read()
        self.pid = initdrive.call("GET", "/containers/%s/json" % self.id)["State"]["Pid"]
        for line in open("/proc/%d/cgroup" % self.pid):
            _, controllers, path = line.strip().split(":", 2)
            if "memory" in controllers.split(",") or controllers == "":
                self.group = ("/sys/fs/cgroup/memory" if controllers else "/sys/fs/cgroup") + path
                if controllers:
                    break

    def run(self, *argv, limits={}):
        job = self.job(["./clean", *argv], files={"clean": (self.clean, 0o755)},
                       limits=dict(dict(memory=300 * MB, cpu=20000000, wall=30000000, processes=60), **limits))
        if job.trouble or job.done:
            raise SystemExit("%s: %s" % (argv, job.trouble))
        self.wait(initdrive.READY)
        return bytes(job.out + job.err), job.ends[-1]

    def program(self, *argv):
        job = self.job(list(argv))
        self.wait(initdrive.READY)
        return job.ends[-1]

    def hold(self, name):
        """Begins a job that plants and stays; returns when it has."""
        self.load(["./clean", "hold", name], files={"clean": (self.clean, 0o755)}, limits=dict(
            memory=300 * MB, cpu=20000000, wall=60000000, processes=60))
        while True:
            kind, _, data = self.next()
            if kind == initdrive.OUT and b"planted" in data or b"denied" in data:
                return data.decode(errors="replace").strip()

    def memory(self):
        """Anonymous and shared memory of the box, as the host sees it."""
        text = open(self.group + "/memory.stat").read()
        names = ("total_rss", "total_shmem") if "total_rss" in text else ("anon", "shmem")
        return sum(int(re.search(r"^%s (\d+)$" % n, text, re.M).group(1)) for n in names)

    def outside(self):
        """What of the box must not change from job to job, as the host sees it."""
        top = "/proc/%d/" % self.pid
        read = lambda name: open(top + name).read()
        status = dict(l.split(":\t", 1) for l in read("status").splitlines() if ":\t" in l)
        return {
            "processes": len(open(self.group + "/cgroup.procs").read().split()),	# init, and the next cell's first
            "descriptors": len(os.listdir(top + "fd")),
            "limits": read("limits"),
            "nice and class": read("stat").rsplit(")", 1)[1].split()[15:17] + read("stat").rsplit(")", 1)[1].split()[37:39],
            "oom_score_adj": read("oom_score_adj"),
            "state": [status[n] for n in ("Threads", "SigBlk", "SigIgn", "SigCgt", "Cpus_allowed", "CapEff", "Seccomp")],
            "affinity": os.sched_getaffinity(self.pid),
            "mounts": len(read("mountinfo").splitlines()),
            "sockets": [n for n in ("tcp", "tcp6", "udp", "udp6", "raw") if len(read("net/" + n).splitlines()) > 1],
            "network": [open("/proc/%d/net/%s" % (self.pid, n)).read() for n in ("if_inet6", "route")],
        }


def differs(a, b):
    return ", ".join("%s: %s, then %s" % (k, a[k], b[k]) for k in a if a[k] != b[k])


def must_be_clean(box, name, text, end):
    if end["how"] != "exited" or end["status"] or b"clean\n" not in text or LATE in text:
        return text.decode(errors="replace").strip() or str(end)
    return ""


def cells():
    bad = 0
    with Box() as box:
        if not box.flags & 1:
            raise SystemExit("this host allows no cells: nothing to prove")
        box.run("probe", "umask")
        first, memory = box.outside(), box.memory()
        for name in chosen():
            planted, _ = box.run("plant", name)
            said = (planted.decode(errors="replace").replace(LATE.decode(), "").split("\n") or [""])[-2:][0]
            wrong = must_be_clean(box, name, *box.run("probe", name)) or differs(first, box.outside())
            grown = box.memory() - memory
            if not wrong and grown > 4 * MB:
                wrong = "the box holds %d bytes more" % grown
            bad += bool(wrong)
            print("%-6s %-16s %s" % ("NOT OK" if wrong else "ok", name, wrong or said))
    return bad


def pile():
    bad = 0
    with Box() as box:
        box.run("probe", "umask")
        first, memory = box.outside(), box.memory()
        for name in planters():
            box.run("plant", name)
        for name in planters():
            wrong = must_be_clean(box, name, *box.run("probe", name))
            if wrong:
                print("NOT OK", name, wrong)
                bad += 1
        if differs(first, box.outside()):
            print("NOT OK", differs(first, box.outside()))
            bad += 1
        print("the box holds %d bytes more" % (box.memory() - memory))
        bad += box.memory() - memory > 4 * MB
    return bad


def beside():
    bad = 0
    for name in chosen():
        with Box(900001) as one, Box(900002) as other:
            said = one.hold(name)
            wrong = must_be_clean(other, name, *other.run("probe", name))
            bad += bool(wrong)
            print("%-6s %-16s %s" % ("NOT OK" if wrong else "ok", name, wrong or said))
    return bad


def drift(n):
    """Times are told; what is asserted is that nothing piles up."""
    quick = [p for p in planters() if p not in ("sigqueue", "timers", "words", "stubborn")]
    times = []
    with Box() as box:
        for _ in range(20):
            box.program("/bin/true")
        box.run("probe", "umask")
        first, memory = box.outside(), box.memory()
        for i in range(n):
            if i % 50 == 49:
                box.run("plant", quick[i // 50 % len(quick)])
                box.run("probe", "umask")
            begin = time.perf_counter()
            end = box.program("/bin/true")
            times.append((time.perf_counter() - begin) * 1000)
            if end["how"] != "exited" or end["status"] or end["hits"]:
                raise SystemExit("job %d: %s" % (i, end))
        tenth = max(n // 10, 1)
        a, b = statistics.median(times[:tenth]), statistics.median(times[-tenth:])
        grown, other = box.memory() - memory, differs(first, box.outside())
        print("%d jobs in one box: the first %d took %.2f ms each, the last %d %.2f ms (medians); "
              "%d bytes more; %s" % (n, tenth, a, tenth, b, grown, other or "nothing else differs"))
        return bool(other) or grown > 4 * MB or b > 3 * a + 1


mode = sys.argv[2]
sys.exit(bool({"control": must_find, "cells": cells, "pile": pile, "beside": beside}[mode]() if mode != "drift"
              else drift(int(sys.argv[3]))))
