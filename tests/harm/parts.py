"""parts.py - what a site of the harness may have besides runners: a web server, an engine of its own"""
import http.client, json, os, signal, socket, subprocess, threading, time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Web:
    """lighttpd with the sample configuration, on a loopback port; everybody is the user demo"""

    def __init__(self, root, bin, directory, conf, spool):
        self.dir, self.port, self.process = os.path.join(directory, "web"), free_port(), None
        os.mkdir(self.dir)
        text = open(os.path.join(root, "etc/http/lighttpd.conf")).read().split("\n")
        values = {"var.cee": '"%s/cee-http"' % bin, "var.conf": '"%s"' % conf, "var.state": '"%s"' % self.dir,
                  "server.port": str(self.port)}
        for i, line in enumerate(text):
            key = line.split("=")[0].strip()
            if key in values:
                text[i] = "%s = %s" % (key, values[key])
            if key == "setenv.set-environment":
                text[i] = 'setenv.set-environment = ( "CEE_CONF" => conf, "CEE_SPOOL" => "%s", "REMOTE_USER" => "demo" )' % spool
        self.conf = os.path.join(self.dir, "conf")
        with open(self.conf, "w") as f:
            f.write("\n".join(text))
        self.start()

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/lighttpd", "-D", "-f", self.conf], start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self, whole):
        """the server alone, or with the CGI programs that it has started"""
        if whole:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()

    def kill_cgi(self):
        """one of its cee-http"""
        out = subprocess.run(["pgrep", "-P", str(self.process.pid), "cee-http"], capture_output=True, text=True).stdout.split()
        for pid in out[:3]:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def post(self, job, key):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            c.request("POST", "/tasks", json.dumps(job), {"Content-Type": "application/json", "Idempotency-Key": key})
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()


class WebClient(threading.Thread):
    """submits by POST with a key, and repeats what got no answer"""

    def __init__(self, site, rng, make, n, notes, number):
        super().__init__(daemon=True)
        self.site, self.rng, self.make, self.n, self.notes, self.number, self.submitter = site, rng, make, n, notes, number, None

    def run(self):
        for i in range(self.n):
            job, right = self.make(self.rng, "w%d-%d" % (self.number, i))
            right["owner"] = "http-web-demo"
            while True:
                try:
                    status, body = self.site.web.post(job, "%d-%d-%d" % (self.site.args.seed, self.number, i))
                except (OSError, http.client.HTTPException):
                    status, body = 0, ""
                if status in (200, 201, 202):
                    self.notes[json.loads(body)["id"]] = right
                    break
                if status not in (0, 429, 500, 502, 503, 504, 507):
                    self.notes["?w%d-%d" % (self.number, i)] = dict(right, kind="answered %d: %s" % (status, body[:200]))
                    break
                time.sleep(self.rng.uniform(0.05, 0.4))


class OwnEngine:
    """a second dockerd with a network and mounts of its own, which may be killed; vfs, so it is slow"""

    def __init__(self, directory, images, engine):
        self.dir = os.path.join(directory, "engine")
        os.mkdir(self.dir)
        self.socket = os.path.join(self.dir, "docker.sock")
        self.holder = subprocess.Popen(["unshare", "-n", "-m", "sleep", "86400"])
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink("/proc/%d/ns/net" % self.holder.pid) == ours or \
                os.readlink("/proc/%d/ns/mnt" % self.holder.pid) == os.readlink("/proc/self/ns/mnt"):
            time.sleep(0.02)
        self.process = None
        self.start()
        for image in images:
            save = subprocess.Popen(["curl", "-sS", "--unix-socket", engine, "http://e/images/%s/get" % image.replace("/", "%2F")],
                                    stdout=subprocess.PIPE)
            subprocess.run(["curl", "-sS", "--unix-socket", self.socket, "-X", "POST", "-H", "Content-Type: application/x-tar",
                            "-H", "Expect:", "-T", "-", "http://e/images/load"], stdin=save.stdout, stdout=subprocess.DEVNULL, check=True)
            save.wait()

    def start(self):
        for name in ("pid", "exec/containerd/containerd.pid"):
            path = os.path.join(self.dir, name)
            if os.path.exists(path):
                os.unlink(path)
        d = self.dir
        self.process = subprocess.Popen(
            ["nsenter", "-t", str(self.holder.pid), "-n", "-m", "dockerd", "--data-root", d + "/data", "--exec-root", d + "/exec",
             "-p", d + "/pid", "-H", "unix://" + self.socket, "--bridge=none", "--iptables=false", "--ip-masq=false",
             "--storage-driver=vfs"], stdout=open(d + "/log", "ab"), stderr=subprocess.STDOUT)
        end = time.time() + 60
        while time.time() < end:
            if subprocess.run(["curl", "-s", "-o", "/dev/null", "--unix-socket", self.socket, "http://e/_ping"]).returncode == 0:
                return
            time.sleep(0.2)
        raise SystemExit("harm.py: a second dockerd does not start: see %s/log" % d)

    def pid(self, name):
        try:
            return int(open(os.path.join(self.dir, name)).read())
        except (OSError, ValueError):
            return None

    def kill(self, name):
        """pid: dockerd, which is started again; exec/containerd/containerd.pid: its containerd"""
        pid = self.pid(name)
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if name == "pid":
            self.process.wait()

    def close(self):
        for name in ("pid", "exec/containerd/containerd.pid"):
            pid = self.pid(name)
            if pid:
                try:
                    os.kill(pid, signal.SIGTERM)
                except ProcessLookupError:
                    continue
                for _ in range(100):
                    if not os.path.exists("/proc/%d" % pid):
                        break
                    time.sleep(0.1)
        if self.process:
            self.process.wait(30)
        self.holder.kill()
        self.holder.wait()
