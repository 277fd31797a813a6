"""Requests a second through lighttpd, beside an empty CGI program behind the same server; and a Python
hello by POST with wait, for an owner whose box is warm, beside a bare python3.
"""
import http.client, json, os, re, shutil, socket, subprocess, tempfile, time

from benchlib import BIN, ROOT, Runner, Skip, median, python

TITLE = "cee-http behind lighttpd"
EMPTY = '#include <unistd.h>\nint main(void) { return write(1, "Content-Type: text/plain\\r\\n\\r\\n", 28) != 28; }\n'
JOB = {"language": "python", "code": "print('hello')"}
AT_ONCE = 8


class Server:
    def __init__(self, bench, env):
        self.dir = tempfile.mkdtemp(prefix="http-", dir=bench.work)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        subprocess.run(["gcc", "-O2", "-static", "-x", "c", "-", "-o", self.dir + "/empty.cgi"], input=EMPTY, text=True, check=True)
        conf = open(ROOT + "/etc/http/lighttpd.conf").read()
        set = ", ".join('"%s" => "%s"' % (k, env[k]) for k in ("CEE_CONF", "CEE_SPOOL") if k in env)
        for what, value in (("var.cee", '"%s/cee-http"' % BIN), ("var.state", '"%s"' % self.dir), ("server.port", self.port),
                            ("setenv.set-environment", '( %s, "REMOTE_USER" => "demo" )' % set),
                            ("alias.url", '( "/empty/" => "%s/", "/" => cee + "/" )' % self.dir),
                            ("cgi.assign", '( "/cee-http" => "", ".cgi" => "" )')):
            conf = re.sub(r"(?m)^%s .*" % re.escape(what), lambda _: "%s = %s" % (what, value), conf)
        with open(self.dir + "/conf", "w") as f:
            f.write(conf)
        self.process = subprocess.Popen([shutil.which("lighttpd", path=os.environ["PATH"] + ":/usr/sbin"), "-D", "-f", self.dir + "/conf"])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        self.end()
        raise SystemExit("bench: lighttpd does not answer: " + open(self.dir + "/error.log").read()[-500:])

    def end(self):
        self.process.terminate()
        self.process.wait()

    def rate(self, path, n, post=False):
        """Of n requests, some at once; every one must be answered as it should."""
        with open(self.dir + "/urls", "w") as f:
            for i in range(n):
                f.write('%surl = "http://127.0.0.1:%d%s"\noutput = "/dev/null"\n' % ("next\n" if i else "", self.port, path))
                f.write("fail\n")
                if post:
                    f.write('header = "Content-Type: application/json"\ndata = %s\n' % json.dumps(json.dumps(JOB)))
        begin = time.perf_counter()
        subprocess.run(["curl", "-sS", "-Z", "--parallel-max", str(AT_ONCE), "-K", self.dir + "/urls"], check=True,
                       stderr=subprocess.DEVNULL)
        return n / (time.perf_counter() - begin)

    def hello(self):
        begin = time.perf_counter()
        c = http.client.HTTPConnection("127.0.0.1", self.port)
        c.request("POST", "/tasks?wait=20", json.dumps(JOB), {"Content-Type": "application/json"})
        task = json.loads(c.getresponse().read())
        c.close()
        if task.get("stdout") != ["hello"]:
            raise SystemExit("bench: hello by POST: %s" % task)
        return (time.perf_counter() - begin) * 1000, task["id"]


def python_bare():
    begin = time.perf_counter()
    subprocess.run([python(), "-c", JOB["code"]], stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000


def measure(bench):
    if not shutil.which("lighttpd", path=os.environ["PATH"] + ":/usr/sbin"):
        raise Skip("lighttpd is not installed")
    r = Runner(bench, "http_state = %s" % bench.work)
    s = Server(bench, r.env)
    try:
        for _ in range(3):
            id = s.hello()[1]
        rows = [(s.hello()[0], python_bare()) for _ in range(bench.n(100, 20))]
        a, b = median([x for x, _ in rows]), median([y for _, y in rows])
        bench.figure("Python hello by POST with wait", a, "ms", "bare python3", b, a / b, "25 ms where python3 takes 12", a / b <= 25 / 12)
        rows = [(s.rate("/empty/empty.cgi", n), s.rate("/tasks/" + id, n)) for n in [bench.n(1500, 300)] * bench.n(5, 2)]
        q = median([get / empty for empty, get in rows])
        bench.figure("GET of a task", median([g for _, g in rows]), "1/s", "empty CGI", median([e for e, _ in rows]), q,
                     "50% of the empty CGI", q >= 0.5)
        r.stop()	# what is posted only waits
        rows = [(s.rate("/empty/empty.cgi", n), s.rate("/tasks", n, post=True)) for n in [bench.n(500, 150)] * bench.n(5, 2)]
        q = median([post / empty for empty, post in rows])
        bench.figure("POST, durable", median([p for _, p in rows]), "1/s", "empty CGI", median([e for e, _ in rows]), q,
                     "a third of the empty CGI", q >= 1 / 3)
    finally:
        s.end()
        r.stop()
