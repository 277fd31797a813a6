"""servers.py - each sample configuration of etc/http as shipped: only its paths and its port are changed

Started as Debian starts it: as www-data where the harness is root, with 1024 descriptors, and for Apache with
the main configuration that Debian has around a site. A sample that says how many processes it needs is believed:
the numbers are read out of its text.
"""
import os, re, resource, signal, socket, subprocess, time

NAMES = ("lighttpd", "nginx", "nginx-proxy", "apache")
DESCRIPTORS = 1024  # soft limit of a service


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as s:
        try:
            s.connect(address)
            return True
        except OSError:
            return False


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


class Server:
    """One sample, running. port, tls; most: the number of its cee-http processes that the sample promises"""

    def __init__(self, site, name):
        self.site, self.name, self.port, self.tls, self.started = site, name, free_port(), name != "lighttpd", []
        self.most = 512 + 128  # http_processes, and some that are just being refused
        self.dir = os.path.join(site.dir, name)
        os.mkdir(self.dir)
        for part in ("body", "fcgi", "proxy"):
            os.mkdir(os.path.join(self.dir, part))
        with open(os.path.join(self.dir, "htpasswd"), "w") as f:
            for user in site.users:
                f.write("%s:%s\n" % (user, site.hash))
        if self.tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                            "-keyout", self.dir + "/tls.key", "-out", self.dir + "/tls.crt"], check=True, stderr=subprocess.DEVNULL)
        site.give(self.dir)
        getattr(self, name.replace("-", "_"))()

    def sample(self, file, *changes):
        text = open(os.path.join(self.site.root, "etc/http", file)).read()
        for old, new in changes + (("/etc/cee/(tls|htpasswd)", self.dir + r"/\1"),):
            text, n = re.subn(old, new, text, flags=re.M)
            if n == 0 and "/etc/cee" not in old:
                raise SystemExit("servers.py: %s has no %s" % (file, old))
        path = os.path.join(self.dir, file)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self, argv, address):
        log = open(os.path.join(self.dir, "stderr"), "ab")
        self.started.append(subprocess.Popen(self.site.as_web + argv, stdout=log, stderr=log, start_new_session=True,
                                             preexec_fn=few_descriptors, env=dict(os.environ, APACHE_LOG_DIR=self.dir)))
        for _ in range(200):
            if listens(address):
                return
            if self.started[-1].poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("servers.py: %s does not start: %s" % (argv[0], open(os.path.join(self.dir, "stderr")).read()[-2000:]))

    # ---- the samples ----

    def lighttpd(self, port=None):
        site = self.site
        text = self.sample(
            "lighttpd.conf", (r'^var\.cee .*', 'var.cee = "%s/cee-http"' % site.bin), (r'^var\.conf .*', 'var.conf = "%s"' % site.conf),
            (r'^var\.state .*', 'var.state = "%s"' % self.dir), (r'^server\.port .*', "server.port = %d" % (port or self.port)),
            (r'"CEE_CONF" => conf', '"CEE_CONF" => conf, "CEE_SPOOL" => "%s"' % site.spool), (r'^#(\$HTTP|\t|\})', r'\1'))
        self.start(["/usr/sbin/lighttpd", "-D", "-f", text], ("127.0.0.1", port or self.port))

    def run_nginx(self, file, *changes):
        d = self.dir
        temporary = "".join("%s_temp_path %s/%s; " % (n, d, p) for n, p in
                            (("client_body", "body"), ("fastcgi", "fcgi"), ("proxy", "proxy"), ("uwsgi", "uwsgi"), ("scgi", "scgi")))
        text = self.sample(file, (r"/var/log/nginx/cee-", d + "/"), (r"/run/nginx-cee\.pid", d + "/pid"),
                           (r"listen 443", "listen 127.0.0.1:%d" % self.port), (r"^worker_processes", "daemon off; worker_processes"),
                           (r"^http \{", "http { " + temporary), *changes)
        self.start(["/usr/sbin/nginx", "-p", d, "-e", d + "/error.log", "-c", text], ("127.0.0.1", self.port))

    def nginx(self):
        site, text = self.site, open(os.path.join(self.site.root, "etc/http/nginx.conf")).read()
        pools = re.findall(r"^#\s+fcgiwrap -c (\d+) -s unix:/run/cee/(\S+)$", text, re.M)
        self.most = sum(int(children) for children, _ in pools)
        for children, socket_ in pools:
            path = os.path.join(self.dir, socket_)
            self.start(["/usr/sbin/fcgiwrap", "-c", children, "-s", "unix:" + path], path)
        self.run_nginx("nginx.conf", (r"unix:/run/cee/", "unix:%s/" % self.dir), (r"/usr/local/bin/cee-http", site.bin + "/cee-http"),
                       (r"/etc/cee/cee\.conf;", "%s; fastcgi_param CEE_SPOOL %s;" % (site.conf, site.spool)))

    def nginx_proxy(self):
        behind = free_port()
        self.lighttpd(behind)
        self.run_nginx("nginx-proxy.conf", (r"http://127\.0\.0\.1:8080", "http://127.0.0.1:%d" % behind))

    def apache(self):
        site, d, mods = self.site, self.dir, "/usr/lib/apache2/modules"
        text = self.sample("apache.conf", (r"\*:443", "127.0.0.1:%d" % self.port), (r"/usr/local/bin", site.bin),
                           (r"/etc/cee/cee\.conf", "%s\n\tSetEnv CEE_SPOOL %s" % (site.conf, site.spool)))
        # Debian's mpm_event.conf, and what the sample's text asks to be changed there
        numbers = {"StartServers": 2, "MinSpareThreads": 25, "MaxSpareThreads": 75, "ThreadLimit": 64, "ThreadsPerChild": 25,
                   "MaxRequestWorkers": 150, "MaxConnectionsPerChild": 0}
        numbers.update(re.findall(r"^#\s+(ServerLimit|MaxRequestWorkers|ThreadsPerChild|AsyncRequestWorkerFactor)\s+(\d+)$", open(text).read(), re.M))
        modules = "mpm_event reqtimeout authn_core authn_file authz_core authz_user auth_basic alias env setenvif headers socache_shmcb ssl cgid"
        path = os.path.join(d, "conf")
        with open(path, "w") as f:
            f.write("ServerRoot %s\nPidFile %s/pid\nServerName localhost\nErrorLog %s/error.log\nMutex file:%s default\n" % (d, d, d, d))
            f.write("".join("LoadModule %s_module %s/mod_%s.so\n" % (m, mods, m) for m in modules.split()))
            f.write("".join("%s %s\n" % i for i in sorted(numbers.items(), key=lambda i: i[0] != "ServerLimit")))
            f.write("Timeout 300\nKeepAlive On\nMaxKeepAliveRequests 100\nKeepAliveTimeout 5\nServerTokens OS\nServerSignature On\n"
                    "Listen 127.0.0.1:%d\nScriptSock %s/cgid\n<Directory />\nRequire all denied\n</Directory>\nInclude %s\n" % (self.port, d, text))
        self.start(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", path], ("127.0.0.1", self.port))

    # ---- looking at it ----

    def pids(self):
        """the servers' own processes"""
        sessions, out = {p.pid for p in self.started}, []
        for entry in os.listdir("/proc"):
            try:
                fields = open("/proc/%s/stat" % entry).read().rpartition(")")
                if entry.isdigit() and int(fields[2].split()[3]) in sessions and not fields[0].endswith("(cee-http"):
                    out.append(int(entry))
            except (OSError, IndexError):
                pass
        return out

    def descriptors(self):
        n = 0
        for pid in self.pids():
            try:
                n += len(os.listdir("/proc/%d/fd" % pid))
            except OSError:
                pass
        return n

    def temporary(self):
        """files that the server made for requests"""
        keep = re.compile(r"(conf|log|htpasswd|stderr|pid|sock|\.(key|crt)|cgid(\.\d+)?|ssl-\S+|rewrite-map\S*|mutex\S*)$")
        return [os.path.join(at, n) for at, _, names in os.walk(self.dir) for n in names if not keep.search(n)]

    def stop(self):
        for process in reversed(self.started):
            for end in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, end)  # fcgiwrap leaves its children, all of its group
                    process.wait(8)
                    break
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
