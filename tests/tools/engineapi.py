"""engineapi - what the tests' programs ask the engine itself: at DOCKER_HOST, in the version that it answers to

The address is that of the runner: DOCKER_HOST, else the usual socket. The version comes from GET /version, since
engines refuse versions that are too old for them. apparmor() is the profile that a runner with "apparmor = auto"
gives its boxes.
"""
import http.client, json, os, socket

DEFAULT = "unix:///var/run/docker.sock"
PROFILE = "cee-box"
LOADED = "/sys/kernel/security/apparmor/profiles"


def address():
    return os.environ.get("DOCKER_HOST") or DEFAULT


def connect():
    """A connected socket to the engine."""
    host = address()
    if host.startswith("unix://"):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(host[len("unix://"):])
        return sock
    name, port = host.removeprefix("tcp://").rsplit(":", 1)
    return socket.create_connection((name.strip("[]"), int(port)))


class Engine(http.client.HTTPConnection):
    def __init__(self, timeout=120):
        super().__init__("engine", timeout=timeout)

    def connect(self):
        self.sock = connect()

    def ask(self, method, path, body=None):
        """The status and the bytes of the answer; path has no version."""
        self.request(method, prefix() + path, None if body is None else json.dumps(body),
                     {"Content-Type": "application/json"})
        r = self.getresponse()
        return r.status, r.read()

    def call(self, method, path, body=None):
        status, data = self.ask(method, path, body)
        if status >= 300:
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data.decode(errors="replace")[:300]))
        return json.loads(data) if data else None


_facts = {}


def _fact(path):
    """A description of the engine at this address: asked for once."""
    key = address(), path
    if key not in _facts:
        c = http.client.HTTPConnection("engine", timeout=30)
        c.sock = connect()
        c.request("GET", path)
        r = c.getresponse()
        data = r.read()
        c.close()
        if r.status != 200:
            raise RuntimeError("GET %s: %d %s" % (path, r.status, data.decode(errors="replace")[:300]))
        _facts[key] = json.loads(data)
    return _facts[key]


def prefix():
    """As "/v1.41"."""
    return "/v" + _fact("/version")["ApiVersion"]


def podman():
    """Whether the engine is Podman, as engine/docker.c finds it out."""
    return any(c.get("Name") == "Podman Engine" for c in _fact("/version").get("Components") or [])


def call(method, path, body=None):
    c = Engine()
    try:
        return c.call(method, path, body)
    finally:
        c.close()


def apparmor():
    """The profile's name, "" for the engine's own. CEE_TEST_APPARMOR decides if it is set."""
    if "CEE_TEST_APPARMOR" in os.environ:
        return os.environ["CEE_TEST_APPARMOR"]
    if not any(o.split(",")[0] == "name=apparmor" for o in _fact(prefix() + "/info").get("SecurityOptions") or []):
        return ""
    with open(LOADED) as f:
        return PROFILE if any(line.split(" (")[0] == PROFILE for line in f) else ""
