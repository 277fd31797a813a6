#!/usr/bin/python3
"""initdrive - speaks to cee-init in a real box, without a runner

Makes a container as cee-runner does (everything locked), attaches, sends one job
as frames and prints what comes back. As a program:

    initdrive.py [-i IMAGE] [--init PATH] [--seccomp PATH] [--never] [--merge] [--stop]
                 [-l LIMIT=N]... [-f NAME=HOSTFILE]... [--stdin TEXT] [--kill-after S]
                 [--compile 'SH COMMAND'] -- ARG...

As a module: Box(...) is the container, Box.job(...) runs one job and returns Job with
out, err, compile, gaps, ends, trouble, done. Times and limits as in limit.h: micro-
seconds, bytes, counts.
"""
import argparse, json, os, select, struct, sys, time

from engineapi import apparmor, call, connect, podman, prefix
from facts import (ARG, COLLECT, CREDIT, DATA, DONE, END, END_FIELDS, ENV, FILE, FRAME_MAX, FRAME_VERSION, GAP, GO,
                   HELLO, HELLO_CELLS, HOWS, JOB, JOB_FIELDS, JOB_MERGE, JOB_STOP_ON_OUTPUT, LEFT, LEFT_REASONS,
                   LIMITS, OUT, PHASE, READY, START, STDIN, STDIN_END, TROUBLE)

DEFAULTS = dict({name: (1 << 64) - 1 for name in LIMITS},  # none
                cpu=5000000, wall=16000000, memory=64 << 20, processes=64, output=16 << 20,
                file_size=1 << 40, disk=16 << 20, inodes=1000, open_files=256, stack=8 << 20)
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def security(seccomp):
    """As docker_container.c makes it."""
    own = apparmor()
    profile = os.path.abspath(seccomp) if podman() else open(seccomp).read()
    return (["no-new-privileges", "seccomp=" + profile] + (["apparmor=" + own] if own else [])
            + (["unmask=ALL"] if podman() else []))


def body(image, init, seccomp, memory, uid, never, pids):
    tmpfs = "rw,nosuid,nodev,exec,mode=%s,size=16m"
    work = "1777"
    if not podman():			# which knows neither of these
        tmpfs += ",uid={0},gid={0},nr_inodes=1000".format(uid)
        work = "0755"
    b = {
        "Image": image, "Entrypoint": ["/.cee/init"], "Cmd": [], "User": "%d:%d" % (uid, uid),
        "WorkingDir": "/", "Hostname": "box", "Env": ["CEE_CELLS=never"] if never else [],
        "AttachStdin": True, "AttachStdout": True, "AttachStderr": True,
        "OpenStdin": True, "StdinOnce": True, "Tty": False, "NetworkDisabled": True,
        "Labels": {"cee-test": "initdrive"},
        "HostConfig": {
            "AutoRemove": True, "ReadonlyRootfs": True, "CapDrop": ["ALL"], "IpcMode": "private",
            "NetworkMode": "none", "LogConfig": {"Type": "none"},
            "SecurityOpt": security(seccomp),
            "MaskedPaths": ["/sys/firmware", "/sys/devices/virtual/powercap"], "ReadonlyPaths": [],
            "Memory": memory, "MemorySwap": memory, "PidsLimit": pids, "ShmSize": 1 << 20,
            "Tmpfs": {"/work": tmpfs % work, "/tmp": tmpfs % "1777"},
            "Sysctls": {"net.ipv4.tcp_max_tw_buckets": "0"},
            "Mounts": [{"Type": "bind", "Source": init, "Target": "/.cee/init", "ReadOnly": True}],
        },
    }
    return b


def attach(box, streams):
    head = b""
    request = ("POST %s/containers/%s/attach?stream=1&%s HTTP/1.1\r\nHost: localhost\r\n"
               "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" % (prefix(), box, streams)).encode()
    sock = connect()
    sock.sendall(request)
    while b"\r\n\r\n" not in head:
        byte = sock.recv(1)
        if not byte:
            break
        head += byte
    if b" 101 " not in head:
        raise RuntimeError("attach: " + head.decode(errors="replace"))
    return sock


def remove(box):
    try:
        call("DELETE", "/containers/%s?force=1" % box)
    except RuntimeError:
        pass			# it has gone by itself


def frame(kind, payload=b"", stream=0):
    return struct.pack("<BBHI", kind, stream, 0, len(payload)) + payload


def fields(names, **values):
    """Numbers as u64, in the order of the names."""
    return b"".join(struct.pack("<Q", values[n] & (1 << 64) - 1) for n in names)


class Job:
    def __init__(self):
        self.out = bytearray(); self.err = bytearray(); self.compile = bytearray()
        self.order = []; self.gaps = []; self.ends = []; self.trouble = []; self.done = None
        self.credit = 0; self.sent = 0; self.started = {}; self.ended = {}
        self.files = []; self.left = []


class Box:
    def __init__(self, image="cee/python:latest", init=None, seccomp=None, memory=256 << 20,
                 uid=900000, never=False, pids=512, echo=False):
        init = init or os.path.join(os.environ.get("CEE_BIN") or os.path.join(TOP, "bin"), "cee-init")
        seccomp = seccomp or os.path.join(TOP, "etc/seccomp.json")
        self.echo = echo
        self.id = call("POST", "/containers/create", body(image, init, seccomp, memory, uid, never, pids))["Id"]
        self.sock = attach(self.id, "stdin=1&stdout=1&stderr=1")
        self.raw = b""; self.bytes = b""; self.stderr = b""; self.queue = []
        call("POST", "/containers/%s/start" % self.id)
        self.send(frame(HELLO, struct.pack("<II", FRAME_VERSION, 0) + b"initdrive"))
        hello = self.wait(HELLO)
        self.flags = struct.unpack("<I", hello[2][4:8])[0]
        self.build = hello[2][8:].decode()
        self.wait(READY)

    def __enter__(self): return self
    def __exit__(self, *a): self.close()

    def close(self):
        self.sock.close()
        remove(self.id)

    def send(self, data):
        self.sock.sendall(data)

    def fill(self, timeout):
        """Reads once; False at the end of the stream or after timeout."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        data = self.sock.recv(1 << 20)
        if not data:
            raise EOFError("the box ended: " + self.stderr.decode(errors="replace"))
        self.raw += data
        while len(self.raw) >= 8:
            n = struct.unpack(">I", self.raw[4:8])[0]
            if len(self.raw) < 8 + n:
                break
            if self.raw[0] == 1:
                self.bytes += self.raw[8:8 + n]
            else:
                self.stderr += self.raw[8:8 + n]
            self.raw = self.raw[8 + n:]
        at = 0
        while len(self.bytes) - at >= 8:
            kind, stream, zero, n = struct.unpack_from("<BBHI", self.bytes, at)
            assert zero == 0 and n <= FRAME_MAX, "bad frame"
            if len(self.bytes) - at < 8 + n:
                break
            self.queue.append((kind, stream, self.bytes[at + 8:at + 8 + n]))
            at += 8 + n
        self.bytes = self.bytes[at:]
        return True

    def next(self, timeout=30):
        end = time.monotonic() + timeout
        while not self.queue:
            if not self.fill(max(0, end - time.monotonic())) and time.monotonic() >= end:
                return None
        return self.queue.pop(0)

    def wait(self, kind):
        f = self.next()
        if f is None or f[0] != kind:
            raise RuntimeError("expected frame %d, got %r, stderr %r" % (kind, f, self.stderr))
        return f

    def load(self, run, compile=None, files={}, limits={}, env=None, flags=0, climits={}, go=True,
             cpu=0, collect=(), collect_files=256, collect_bytes=16 << 20):
        l = dict(DEFAULTS, **limits)
        data = frame(JOB, fields(JOB_FIELDS, flags=flags, disk=l["disk"], inodes=l["inodes"], cpu=cpu,
                                 collect_files=collect_files, collect_bytes=collect_bytes))
        for name, value in files.items():
            content, mode = value if isinstance(value, tuple) else (value, 0o644)
            data += frame(FILE, struct.pack("<IQ", mode, len(content)) + name.encode())
            for i in range(0, len(content), FRAME_MAX):
                data += frame(DATA, content[i:i + FRAME_MAX])
        for c in collect:
            data += frame(COLLECT, c if isinstance(c, bytes) else c.encode())
        for phase, argv, more in ((0, compile, climits), (1, run, limits)):
            if argv is None:
                continue
            pl = dict(DEFAULTS, **more)
            data += frame(PHASE, struct.pack("<I", phase) + fields(LIMITS, **pl))
            for a in argv:
                data += frame(ARG, a if isinstance(a, bytes) else a.encode())
            for e in (env if env is not None else ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/work"]):
                data += frame(ENV, e.encode())
        if go:
            data += frame(GO)
        self.send(data)

    def job(self, run, stdin=b"", on=None, timeout=60, pause=0, stdin_end=True, **kw):
        """on(job, frame) is called for each frame. pause: seconds to sleep before reading."""
        j = Job()
        self.load(run, **kw)
        if stdin_end and not stdin:
            self.send(frame(STDIN_END))
        if pause:
            time.sleep(pause)
        end = time.monotonic() + timeout
        while j.done is None:
            f = self.next(max(0, end - time.monotonic()))
            if f is None:
                raise TimeoutError("no DONE after %d s; got %r %r" % (timeout, bytes(j.out[-200:]), j.ends))
            self.take(j, f, stdin, stdin_end)
            if on:
                on(j, f)
        return j

    def take(self, j, f, stdin, stdin_end):
        kind, stream, p = f
        if kind == OUT:
            (None, j.out, j.err, j.compile)[stream].extend(p)
            j.order.append((stream, len(p)))
            if self.echo:
                os.write(2 if stream == 2 else 1, p)
        elif kind == GAP:
            j.gaps.append((stream, struct.unpack("<Q", p)[0], len(j.out), len(j.err)))
        elif kind == START:
            j.started[struct.unpack("<I", p)[0]] = time.monotonic()
        elif kind == END:
            e = dict(zip(END_FIELDS, struct.unpack("<%dQ" % len(END_FIELDS), p)))
            e["how"] = HOWS[e["how"]]
            e["hits"] = [n for i, n in enumerate(LIMITS) if e["exceeded"] >> i & 1]
            j.ends.append(e)
        elif kind == TROUBLE:
            j.trouble.append(p.decode(errors="replace"))
        elif kind == DONE:
            j.done = struct.unpack("<I", p)[0]
        elif kind == FILE:
            j.files.append([p[12:], struct.unpack("<I", p[:4])[0], struct.unpack("<Q", p[4:12])[0], b""])
        elif kind == DATA:
            j.files[-1][3] += p
        elif kind == LEFT:
            why = LEFT_REASONS[struct.unpack("<I", p[:4])[0]]
            j.left.append((why, struct.unpack("<Q", p[4:])[0] if why == "more" else p[4:]))
        elif kind == CREDIT:
            j.credit += struct.unpack("<I", p)[0]
            self.feed(j, stdin, stdin_end)
        elif kind != READY:
            raise RuntimeError("unexpected frame %r" % (f,))

    def feed(self, j, stdin, stdin_end):
        while stdin and j.sent < len(stdin) and j.credit:
            piece = stdin[j.sent:j.sent + min(j.credit, FRAME_MAX)]
            self.send(frame(STDIN, piece))
            j.sent += len(piece)
            j.credit -= len(piece)
        if stdin and j.sent == len(stdin) and stdin_end:
            self.send(frame(STDIN_END))
            j.sent += 1


def main():
    p = argparse.ArgumentParser(description="one job in a real box")
    p.add_argument("-i", "--image", default="cee/python:latest")
    p.add_argument("--init"); p.add_argument("--seccomp")
    p.add_argument("--memory", type=int, default=256 << 20)
    p.add_argument("--pids", type=int, default=512)
    p.add_argument("--never", action="store_true"); p.add_argument("--merge", action="store_true")
    p.add_argument("--stop", action="store_true")
    p.add_argument("-l", action="append", default=[]); p.add_argument("-f", action="append", default=[])
    p.add_argument("--stdin", default=""); p.add_argument("--compile")
    p.add_argument("--kill-after", type=float); p.add_argument("-g", "--collect", action="append", default=[])
    p.add_argument("-n", type=int, default=1, help="so many times, in one box")
    p.add_argument("--timeout", type=int, default=60, help="seconds that the job may take as seen from here")
    p.add_argument("argv", nargs="+")
    a = p.parse_args()
    files = {}
    for f in a.f:
        name, path = f.split("=", 1)
        with open(path, "rb") as h:
            files[name] = (h.read(), os.stat(path).st_mode & 0o777)
    limits = {k: int(v) for k, v in (x.split("=") for x in a.l)}
    with Box(a.image, a.init, a.seccomp, a.memory, never=a.never, pids=a.pids, echo=True) as b:
        print("hello: cells=%d build=%s %s" % (b.flags & HELLO_CELLS, b.build, b.stderr.decode()), file=sys.stderr)
        for _ in range(a.n):
            j = b.job(a.argv, a.stdin.encode(), files=files, limits=limits,
                      compile=["sh", "-c", a.compile] if a.compile else None,
                      flags=(JOB_MERGE if a.merge else 0) | (JOB_STOP_ON_OUTPUT if a.stop else 0), collect=a.collect, timeout=a.timeout)
            for name, mode, size, content in j.files:
                print("file %o %d %r%s" % (mode, size, name, "" if size == len(content) else " SHORT"), file=sys.stderr)
            if j.left:
                print("left %r" % j.left, file=sys.stderr)
            print("trouble=%r done=%r gaps=%r" % (j.trouble, j.done, j.gaps), file=sys.stderr)
            for e in j.ends:
                print(json.dumps(e), file=sys.stderr)
            if _ + 1 < a.n:
                b.wait(READY)


if __name__ == "__main__":
    main()
