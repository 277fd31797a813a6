"""host - what of the host must be the same after hostile programs, and the controls that run there

Bait is laid out: a process with a user number of boxes, a listener on loopback, an abstract socket, a System V segment.
look() says what the host is like; differs() what has changed since.
"""
import ctypes, os, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools"))
import initdrive

MB = 1 << 20
IMAGE = os.environ.get("CEE_TEST_IMAGE", "cee/python:latest")
FILES = ["/proc/sys/kernel/" + n for n in ("hostname", "core_pattern", "modprobe", "randomize_va_space", "domainname", "sysrq")] + \
    ["/proc/modules", "/proc/swaps", "/proc/sys/vm/overcommit_memory", "/sys/kernel/mm/transparent_hugepage/enabled"]


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError as e:
        return str(e)


class Host:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.abstract = "hostile-bait-%d" % os.getpid()
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind("\0" + self.abstract)
        self.unix.listen(8)
        lower = (lambda: os.setresuid(900000, 900000, 900000)) if not os.getuid() else None
        self.bait = subprocess.Popen(["sleep", "3600"], preexec_fn=lower, cwd="/", stdout=subprocess.DEVNULL)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.segment = self.libc.shmget(0, 4096, 0o1600)
        self.clock = time.time() - time.monotonic()

    def env(self):
        return {"HOSTILE_PORT": str(self.port), "HOSTILE_SOCKET": self.abstract}

    def look(self):
        pid = self.bait.pid
        stat = read("/proc/%d/stat" % pid).rsplit(")", 1)[-1].split()
        return {
            "bait process": self.bait.poll(), "its state": stat[0:1] in (["S"], ["D"], ["R"]), "its nice and class": stat[15:17] + stat[37:39],
            "its limits": read("/proc/%d/limits" % pid), "its affinity": os.sched_getaffinity(pid) if self.bait.poll() is None else None,
            "its oom_score_adj": read("/proc/%d/oom_score_adj" % pid),
            "segment": self.libc.shmctl(self.segment, 2, ctypes.create_string_buffer(256)),
            "clock": abs(time.time() - time.monotonic() - self.clock) < 2,
            **{path: read(path) for path in FILES if path != "/proc/modules"},
            "modules": len(read("/proc/modules").splitlines()),
        }

    def close(self):
        self.bait.kill()
        self.bait.wait()
        self.libc.shmctl(self.segment, 0, None)
        self.listener.close()
        self.unix.close()


def differs(a, b):
    return ["%s: %r, then %r" % (k, a[k], b[k]) for k in a if a[k] != b[k]]


# ---- controls on the host ---------------------------------------------------------------------

def bare(argv, env=(), timeout=30):
    """(status as wait has it, output) of a plain process in an empty folder"""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, open(os.devnull) as nothing:
        p = subprocess.Popen(argv, cwd=folder, stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=dict(os.environ, **dict(env)), start_new_session=True)
        try:
            text, _ = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            text = b"too long"
        finally:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        p.wait()
        return p.returncode, text.decode(errors="replace")


CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT
    SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
    WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()


def fewer():
    """The capabilities that this host has at all, where the engine itself stands in a container"""
    bound = int(next(l for l in read("/proc/1/status").splitlines() if l.startswith("CapBnd")).split()[1], 16)
    return [name for bit, name in enumerate(CAPABILITIES) if bound >> bit & 1 and bit < 38]	# newer ones old engines do not know


def container(binary, argv):
    """(what it prints, whether it had all rights) as root in a container without locks"""
    try:
        return run_container(binary, argv, True), True
    except RuntimeError as e:	# an engine that stands in a container itself cannot give all
        if "caps" not in str(e) and "permitted" not in str(e):
            raise
    return run_container(binary, argv, False), False


def run_container(binary, argv, privileged):
    body = {
        "Image": IMAGE, "Entrypoint": ["/hostile"], "Cmd": argv, "User": "0:0", "WorkingDir": "/tmp",
        "AttachStdout": True, "AttachStderr": True, "Env": ["PATH=/usr/bin:/bin"], "Labels": {"cee-test": "hostile"},
        "HostConfig": {
            "AutoRemove": True, "Privileged": privileged, "CapAdd": [] if privileged else fewer(), "IpcMode": "private", "NetworkMode": "none", "LogConfig": {"Type": "none"},
            "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"], "MaskedPaths": [], "ReadonlyPaths": [],
            "Memory": 512 * MB, "MemorySwap": 512 * MB, "PidsLimit": 300, "Ulimits": [{"Name": "memlock", "Soft": MB, "Hard": MB}],
            "Mounts": [{"Type": "bind", "Source": os.path.abspath(binary), "Target": "/hostile", "ReadOnly": True},
                       {"Type": "tmpfs", "Target": "/tmp"}],
        },
    }
    box = initdrive.call("POST", "/containers/create", body)["Id"]
    sock, text = initdrive.attach(box, "stdout=1&stderr=1"), b""
    try:
        initdrive.call("POST", "/containers/%s/start" % box)
        sock.settimeout(30)
        while True:
            data = sock.recv(65536)
            if not data:
                return text.decode(errors="replace")
            text += data
    except OSError:
        return text.decode(errors="replace") + "too long"
    finally:
        sock.close()
        initdrive.remove(box)
