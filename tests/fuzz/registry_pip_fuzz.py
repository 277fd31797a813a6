#!/usr/bin/env python3
"""registry_pip_fuzz.py [SECONDS] [SEED] - addresses, pages and metadata of a hostile registry through registry_pip.py

The real pip runs in this process with what registry_pip.py puts into it. Below it is no network: each request that pip would
send comes here, and is answered with a mutated index, wheel or redirect. What must hold, whatever the answers are:

    address   what passes for a request to the registry is sent to the registry by the client that pip has
    request   none leaves for another host, and no archive of sources is prepared
    message   of what pip says users get lines without an address, with one of the three statuses; never a traceback
    time      each run of pip ends

The corpus is corpus/registry_pip_fuzz; needs a pip (python3-pip), else it says so and is skipped.
"""
import ast
import contextlib
import io
import os
import random
import shutil
import sys
import tempfile
import time
import types
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
# the other folder has a copy with a planted fault
PYTHON = os.environ.get("FUZZED_PYTHON") or os.path.join(os.path.dirname(os.path.dirname(HERE)), "etc/languages.d/python")
CORPUS = os.path.join(HERE, "corpus/registry_pip_fuzz")
REGISTRY = "https://registry.example:8443/simple"
sys.path.insert(0, PYTHON)
sys.dont_write_bytecode = True

try:
    import registry_pip
    from pip._internal.cli.main import main as pip_main
    from pip._internal.distributions import sdist
    from pip._vendor import requests
    from pip._vendor.requests.adapters import HTTPAdapter
    from pip._vendor.urllib3 import exceptions
    from pip._vendor.urllib3.util import parse_url
except ImportError as e:
    print("registry_pip_fuzz: skipped: no pip of the kind that registry_pip.py knows: %s" % e)
    sys.exit(0)


def without_main(path):
    """The module's functions; its last line would run it."""
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read(), path)
    while isinstance(tree.body[-1], (ast.Expr, ast.Try)):
        tree.body.pop()
    module = types.ModuleType("fetch")
    module.__file__ = path
    exec(compile(tree, path, "exec"), module.__dict__)
    return module


fetch = without_main(os.path.join(PYTHON, "fetch.py"))


def corpus(kind):
    found = []
    for name in sorted(os.listdir(CORPUS)):
        if name.startswith(kind):
            with open(os.path.join(CORPUS, name), encoding="utf-8") as f:
                found.append(f.read())
    return found


class Broken(Exception):
    pass


# ---- mutation ------------------------------------------------------------------------------------

WORDS = ["http:", "https:", "file:", "git+https:", "//", "/", "\\", "@", "#", "?", ":", "..", "%2f", "%40", "[::1]", "127.0.0.1", "evil.example",
         "registry.example", "registry.example:8443", "registry.example:443", "REGISTRY.EXAMPLE.", "\t", "\n", "\0", " ", "\u3002", "\uff20", "ß",
         "name @ https://evil.example/x.whl", "; python_version<'4'", ".whl", ".tar.gz", "=", ">=", "==1.0", "[extra]", "99999999999999999999", "-1",
         "#sha256=", "#egg=one", "#subdirectory=..", "user:pass@", "<", ">", "\"", "&amp;", "base href", "{", "}", "null"]


def mutate(rng, text, pool):
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        i, j = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        how = rng.randrange(7)
        if how == 0:
            text = text[:i] + rng.choice(WORDS) + text[i:]
        elif how == 1:
            text = text[:i] + text[min(j, i + 8):]
        elif how == 2:
            text = text[:i] + chr(rng.choice((0, 9, 10, 13, 32, 37, 47, 64, 92, 127, 255, 0x2028, rng.randrange(1, 0xd7ff)))) + text[i + 1:]
        elif how == 3:
            text = text[:j] + text[i:j] + text[j:]
        elif how == 4:
            other = rng.choice(pool)
            k = rng.randrange(len(other) + 1)
            text = text[:i] + other[k:k + 40] + text[i:]
        elif how == 5:
            words = [w for w in WORDS if w in text]
            if words:
                text = text.replace(rng.choice(words), rng.choice(WORDS), 1)
        else:
            text = text[:i] + text[i:j].swapcase() + text[j:]
    return text[:20000]


# ---- addresses -----------------------------------------------------------------------------------

def prepared(address):
    """The address as pip's client sends it, which is what registry_pip.py's last check sees. None: it does not send this."""
    try:
        return requests.Request("GET", address).prepare().url
    except (requests.exceptions.RequestException, ValueError, UnicodeError):
        return None


def goes_to(address):
    """(scheme, host, port) of where pip's client connects to for an address that it has prepared."""
    try:
        parts = parse_url(address)
        return parts.scheme, (parts.host or "").rstrip(".").lower(), parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (requests.exceptions.RequestException, exceptions.HTTPError, ValueError, KeyError):
        return None


def addresses(rng, pool):
    registry = registry_pip.Registry(REGISTRY)
    address = mutate(rng, rng.choice(pool), pool)
    registry.holds(address)
    address = prepared(address)
    if address and registry.holds(address):
        there = goes_to(address)
        if there is not None and there != registry_pip.origin(REGISTRY):
            raise Broken("%r is taken for the registry's, and leads to %r" % (address, there))
    registry_pip.public_files(address)


# ---- pip -----------------------------------------------------------------------------------------

class Answers(HTTPAdapter):
    """In the place of the network."""
    rng, sent, pools = None, [], {}

    def send(self, request, **more):
        Answers.sent.append(request.url)
        r = requests.Response()
        r.request, r.url, r.status_code, r.reason = request, request.url, 200, "OK"
        kind, body = "text/html", b""
        rng = Answers.rng
        path = request.url.split("#")[0].split("?")[0]
        if path.endswith(".metadata") or path.endswith(".whl"):
            text = mutate(rng, rng.choice(Answers.pools["metadata"]), Answers.pools["metadata"])
            kind, body = "application/octet-stream", wheel(text) if path.endswith(".whl") else text.encode(errors="replace")
        elif rng.randrange(12) == 0:
            r.status_code = rng.choice((301, 302, 307, 308, 404, 500, 200))
            r.headers["Location"] = mutate(rng, rng.choice(Answers.pools["address"]), Answers.pools["address"]).translate({10: "", 13: "", 0: ""})
        else:
            text = rng.choice(Answers.pools["index"])
            if rng.randrange(3):
                text = mutate(rng, text, Answers.pools["index"])
            kind = "application/vnd.pypi.simple.v1+json" if text.lstrip().startswith("{") else rng.choice(("text/html", "text/html; charset=x"))
            body = text.encode(errors="replace")
        r.headers["Content-Type"] = kind
        r.headers["Content-Length"] = str(len(body))
        r.raw = Raw(body)
        return r


class Raw(io.BytesIO):
    """As much of urllib3's response as is asked for."""
    headers, status, reason, version = {}, 200, "OK", 11

    def __init__(self, body):
        super().__init__(body)
        self._original_response = None

    def stream(self, n, decode_content=None):
        while piece := self.read(n):
            yield piece

    def release_conn(self):
        pass


def wheel(metadata):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as z:
        z.writestr("one.py", "")
        z.writestr("one-1.0.dist-info/METADATA", metadata)
        z.writestr("one-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr("one-1.0.dist-info/RECORD", "one.py,,\none-1.0.dist-info/METADATA,,\none-1.0.dist-info/WHEEL,,\none-1.0.dist-info/RECORD,,\n")
    return made.getvalue()


def no_source(*args, **more):
    raise Broken("an archive of sources is prepared")


def one_pip(rng, folder):
    os.chdir(folder)
    Answers.rng, Answers.sent = rng, []
    for left in (fetch.LOG, fetch.REPORT):
        if os.path.exists(left):
            os.unlink(left)
    arguments = ["--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-color", "--quiet", "--retries", "0",
                 "--timeout", "1", "--log", fetch.LOG, "install", "--dry-run", "--only-binary=:all:", "--target", "site", "--no-compile",
                 "--report", fetch.REPORT, "--ignore-installed", "--index-url", REGISTRY, "--", "one"]
    said = io.StringIO()
    began = time.monotonic()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = pip_main(arguments)
        except SystemExit as e:
            status = e.code
    if time.monotonic() - began > 60:
        raise Broken("pip did not end within a minute")
    for address in Answers.sent:
        if goes_to(address) != registry_pip.origin(REGISTRY):
            raise Broken("a request was sent to %r" % address)
    if status == 0:
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                fetch.lock()
            except SystemExit:
                pass
    else:
        judge(status, said.getvalue())


def judge(status, words):
    status, lines = fetch.judge(status, words)
    if status not in (fetch.WRONG, fetch.AGAIN, fetch.OURS):
        raise Broken("status %r" % status)
    for line in lines:
        if "://" in line or "Traceback" in line or len(line) > 2000:
            raise Broken("users would read %r" % line)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rng = random.Random(seed)
    Answers.pools = {kind: corpus(kind) for kind in ("index", "metadata", "address")}
    words = corpus("words")
    registry = registry_pip.Registry(REGISTRY)
    HTTPAdapter.send = Answers.send
    sdist.SourceDistribution.prepare_distribution_metadata = no_source
    registry.watch()
    folder = tempfile.mkdtemp(prefix="registry-pip-fuzz-")
    counts = [0, 0, 0]
    what = ""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end or not all(counts):
            for _ in range(200):
                what = "addresses"
                addresses(rng, Answers.pools["address"])
                counts[0] += 1
            for _ in range(50):
                what = "messages"
                judge(rng.choice((1, 2, 127)), mutate(rng, rng.choice(words), words + Answers.pools["address"]))
                counts[1] += 1
            what = "pip"
            one_pip(rng, folder)
            counts[2] += 1
    except Exception as e:
        print("not ok registry_pip_fuzz: seed %d, after %s of addresses, messages, runs of pip: in %s: %s: %s" %
              (seed, counts, what, type(e).__name__, e))
        if not isinstance(e, Broken):
            raise
        return 1
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
    print("registry_pip_fuzz: %d addresses, %d messages, %d runs of pip, seed %d" % (*counts, seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
