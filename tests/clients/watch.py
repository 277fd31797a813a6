"""watch.py - what the host sees of cee-http meanwhile, and what the spool has afterwards; shares no code with cee

A process of cee-http is known by its environment, and whose request it serves by "c=NUMBER" in its query.
"""
import glob, json, os, re, subprocess, threading, time

MEMORY_MOST = 64 << 20  # of one cee-http
BODY_MEMORY_MOST = 448 << 20  # of one that reads a body of max_job: its RLIMIT_AS
OUTLIVES = 40.0  # seconds that a process may live when its client has gone: two, but the host is loaded; less than http_wait
MARK = re.compile(rb"mk-([a-z0-9]+)-(\d+)-")


class Watch(threading.Thread):
    def __init__(self, site):
        super().__init__(daemon=True)
        self.site, self.known, self.foreign, self.end = site, {}, set(), threading.Event()
        self.most_processes = self.most_memory = self.most_body_memory = self.seen = 0
        self.longest, self.late = 0.0, {}
        self.closed, self.bodies = {}, set()  # number of a request: when its client went; requests with large bodies

    def run(self):
        while not self.end.wait(0.25):
            self.look()

    def processes(self):
        """pid -> number of its request"""
        spool, out = b"CEE_SPOOL=" + self.site.spool.encode(), {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or entry in self.foreign:
                continue
            if entry in self.known:
                out[entry] = self.known[entry][0]
                continue
            try:
                with open("/proc/%s/comm" % entry) as f:
                    name = f.read().strip()
                if name != "cee-http":
                    if name not in ("lighttpd", "fcgiwrap", "apache2", "bash", "python3", "setpriv"):  # those may yet become one
                        self.foreign.add(entry)
                    continue
                with open("/proc/%s/environ" % entry, "rb") as f:
                    environ = f.read().split(b"\0")
            except OSError:
                continue
            if spool not in environ:
                continue
            query = next((v for v in environ if v.startswith(b"QUERY_STRING=")), b"")
            number = re.search(rb"\bc=(\d+)", query)
            self.known[entry] = (int(number[1]) if number else -1, time.monotonic())
            self.seen += 1
            out[entry] = self.known[entry][0]
        for entry in set(self.known) - set(out):
            del self.known[entry]
        return out

    def look(self):
        now, live = time.monotonic(), 0
        for pid, number in self.processes().items():
            try:
                with open("/proc/%s/status" % pid) as f:
                    text = f.read()
                high = re.search(r"VmHWM:\s+(\d+) kB", text)
            except OSError:
                high = None
            if not high:  # it has ended
                self.known.pop(pid, None)
                continue
            live += 1
            bytes_ = int(high[1]) << 10
            if number in self.bodies:
                self.most_body_memory = max(self.most_body_memory, bytes_)
            else:
                self.most_memory = max(self.most_memory, bytes_)
            if number in self.closed:
                alone = now - max(self.closed[number], self.known[pid][1])
                self.longest = max(self.longest, alone)
                if alone > OUTLIVES:
                    self.late[number] = alone
        self.most_processes = max(self.most_processes, live)
        self.foreign &= set(os.listdir("/proc"))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def judge_jobs(spool, taken):
    """taken: id -> (owner, mark, may be cancelled by its own owner) of each POST that was answered with an id"""
    findings, home = [], {}
    for path in glob.glob(os.path.join(spool, "http-*", "out", "*", "*")):
        home.setdefault(os.path.basename(path), []).append(path)
    left = glob.glob(os.path.join(spool, "http-*", "new", "*")) + glob.glob(os.path.join(spool, "cur", "*", "*", "*"))
    if left:
        findings.append("%d jobs have not ended: %s" % (len(left), left[:2]))
    for id, (owner, mark, may_cancel) in taken.items():
        at = home.get(id, [])
        if len(at) != 1 or at[0].split("/")[-4] != "http-web-" + owner:
            findings.append("%s of %s: is in %s" % (id, owner, at))
            continue
        try:
            result, job = json.loads(read(at[0] + "/result")), read(at[0] + "/job")
            said = read("%s/%d/stdout" % (at[0], result["attempt"])) if result["why"] == "exited" else b""
        except (OSError, ValueError) as e:
            findings.append("%s of %s: %s" % (id, owner, e))
            continue
        if mark.encode() not in job:
            findings.append("%s of %s: is not the job that was sent" % (id, owner))
        elif result["why"] == "cancelled" and may_cancel:
            pass
        elif result["why"] != "exited" or result["attempt"] != 1 or said.count(mark.encode()) != 1:
            findings.append("%s of %s: %s, attempt %d, said %r" % (id, owner, result["why"], result["attempt"], said[:80]))
    for id, at in home.items():  # also of those whose client did not stay for the answer
        found = MARK.search(read(at[0] + "/job")) if os.path.exists(at[0] + "/job") else None
        if found and at[0].split("/")[-4] != "http-web-" + found[1].decode():
            findings.append("%s: a job of %s is in %s" % (id, found[1].decode(), at[0]))
    return findings


def judge_spool(site):
    findings = []
    for part in ("tmp", "cancel", "in"):
        left = glob.glob(os.path.join(site.spool, "*", part, "*"))
        if left:
            findings.append("%s/: %d left: %s" % (part, len(left), left[:2]))
    p = subprocess.run([os.path.join(site.bin, "cee-fsck")], env=site.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        findings.append("cee-fsck: %s" % p.stdout.strip()[-600:])
    return findings
