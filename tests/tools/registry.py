#!/usr/bin/python3
"""registry - a small package registry on loopback for tests: pip, npm and NuGet, with faults

    registry.py PORTFILE

Listens on a free port of 127.0.0.1 and writes it to PORTFILE. Everything that it has is made on
the spot. The addresses that clients are given:

    http://127.0.0.1:PORT/FAULT/pip/simple/         PEP 503
    http://127.0.0.1:PORT/FAULT/npm/                packuments and tarballs
    http://127.0.0.1:PORT/FAULT/nuget/index.json    NuGet v3: flat container and registration

FAULT is what happens to every request beneath it, or with "file-" before it to archives alone:

    ok          nothing         500         answers 500
    stall       half, then silence          cut         half, then the connection ends
    garbage     other bytes     hash        an archive with another content than its hash
    404         nothing is there

The bodies of 404 and 500 say "out of order", which no user is to read.

It is a proxy as well, and has whatever host it is asked for. With REGISTRY_TLS, a file with a
certificate and its key, it speaks https alone.

A second listener, on a port of its own, stands for what is not the registry. It has all that the
first has, so that who asks it is served, and /away answers how many connections it took.

/requests answers [[path, times]…], and POST /reset forgets them. /phoned is what an install
script would call: it is counted as every request is.

    pip     pure 1.0 1.5 2.0; needs 1.0 (pure>=1,<2); native 1.0 (a C extension, stable ABI);
            source-only 1.0 (no wheel, its setup.py phones home); windows 1.0 (for another system);
            newer 1.0 (for Python 3.99); outside 1.0 (an archive that writes beside its place);
            big 1.0 (1 GiB of zeros); outpost 1.0 (needs pure from an address); many-1 … many-20;
            sources 1.0 (needs source-only from an address of the registry); away-sources, away-wheel,
            away-git 1.0 (need what is away); away-file 1.0 (its file is there), away-moved 1.0 (is
            redirected there)
    npm     left 1.0.0 1.1.0 2.0.0 (CommonJS, with types); deep 1.0.0 (left ^1.0.0, @scope/esm);
            @scope/esm 1.0.0 (ES module); phone 1.0.0 (install scripts that phone home);
            bin 1.0.0 (a command); outside 1.0.0 (paths and links that leave); big 1.0.0;
            outpost 1.0.0 (a dependency by address); many-1 … many-20; away-file, away-moved, away-page
            1.0.0 (archive there; archive, page redirected there); away-needs, away-git, away-maybe
            1.0.0 (a dependency by address, by git, an optional one); through 1.0.0 (needs away-git)
    nuget   Moved 1.0.0 (its archive is redirected away); the fault "elsewhere" is an index that names what is away;
            "near" redirects within the registry; Plain 1.0.0 1.2.0, Needs 1.0.0 (Plain 1.0.0), Old 1.0.0 (net48 alone), Outside 1.0.0,
            Big 1.0.0, Many.1 … Many.20: content without assemblies; and each *.nupkg of $NUPKGS
"""
import base64, collections, functools, hashlib, http.server, io, json, os, pathlib, re, ssl, subprocess, sys
import sysconfig, tarfile, tempfile, threading, zipfile

COUNT = collections.Counter()
MANY = range(1, 21)
ZEROS = 1 << 30
OUTSIDE = "../../../../../../../../tmp/outside"
MOVED = re.compile(r"/pip/files/away_moved-.*|/npm/(away-moved/-/.*|away-page)|/nuget/flat/moved/1.0.0/moved.*nupkg")	# are redirected away

# ---- archives -----------------------------------------------------------------

def pack_zip(members):
    """Of (name, content); an int is that many zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members:
            with z.open(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)) if not isinstance(content, int) else name, "w",
                        force_zip64=True) as f:
                for piece in zeros(content) if isinstance(content, int) else [content.encode() if isinstance(content, str) else content]:
                    f.write(piece)
    return out.getvalue()


def zeros(n):
    piece = bytes(1 << 20)
    for _ in range(n >> 20):
        yield piece


class Zeros(io.RawIOBase):
    def __init__(self, n): self.n = n
    def read(self, size=-1):
        size = min(self.n, size if size >= 0 else self.n)
        self.n -= size
        return bytes(size)


def pack_tar(members):
    """Of (name, content) or (name, None, link)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as t:
        for name, content, *link in members:
            m = tarfile.TarInfo(name)
            m.mode = 0o755 if name.endswith(".sh") else 0o644
            if link:
                m.type, m.linkname = tarfile.SYMTYPE, link[0]
                t.addfile(m)
            elif isinstance(content, int):
                m.size = content
                t.addfile(m, Zeros(content))
            else:
                content = content.encode() if isinstance(content, str) else content
                m.size = len(content)
                t.addfile(m, io.BytesIO(content))
    return out.getvalue()


# ---- pip ------------------------------------------------------------------------

def wheel(name, version, files, tag="py3-none-any", requires=(), python=None):
    under = name.replace("-", "_")
    info = f"{under}-{version}.dist-info"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {r}\n" for r in requires)
    if python:
        meta += f"Requires-Python: {python}\n"
    pure = "true" if tag.endswith("any") else "false"
    files = [*files, (f"{info}/METADATA", meta),
             (f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: registry\nRoot-Is-Purelib: {pure}\nTag: {tag}\n")]
    record = "".join(f"{n},,\n" for n, _ in files) + f"{info}/RECORD,,\n"
    return f"{under}-{version}-{tag}.whl", functools.cache(lambda: pack_zip([*files, (f"{info}/RECORD", record)]))


NATIVE = """#define Py_LIMITED_API 0x03070000
#include <Python.h>
static PyObject *add(PyObject *self, PyObject *args)
{ long a, b; return PyArg_ParseTuple(args, "ll", &a, &b) ? PyLong_FromLong(a + b) : NULL; }
static PyMethodDef methods[] = {{"add", add, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", NULL, -1, methods};
PyMODINIT_FUNC PyInit_native(void) { return PyModule_Create(&module); }
"""


@functools.cache
def native():
    with tempfile.TemporaryDirectory() as d:
        (pathlib.Path(d) / "native.c").write_text(NATIVE)
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-I" + sysconfig.get_paths()["include"],
                        "-o", d + "/native.so", d + "/native.c"], check=True)
        return wheel("native", "1.0", [("native.abi3.so", (pathlib.Path(d) / "native.so").read_bytes())],
                     f"cp37-abi3-linux_{os.uname().machine}")[1]()


def source_only(base):
    setup = f"import urllib.request\nurllib.request.urlopen({base + '/phoned'!r})\nfrom setuptools import setup\nsetup(name='source-only', version='1.0')\n"
    return pack_tar([("source-only-1.0/setup.py", setup), ("source-only-1.0/PKG-INFO", "Metadata-Version: 2.1\nName: source-only\nVersion: 1.0\n")])


@functools.cache
def pip_all(base):
    all = {"pure": [wheel("pure", v, [("pure.py", f"VERSION = {v!r}\n")]) for v in ("1.0", "1.5", "2.0")],
           "needs": [wheel("needs", "1.0", [("needs/__init__.py", "import pure\nPURE = pure.VERSION\n")], requires=["pure>=1,<2"])],
           "native": [(f"native-1.0-cp37-abi3-linux_{os.uname().machine}.whl", native)],
           "windows": [wheel("windows", "1.0", [("windows.py", "")], "py3-none-win_amd64")],
           "newer": [wheel("newer", "1.0", [("newer.py", "")], python=">=3.99")],
           "outside": [wheel("outside", "1.0", [(OUTSIDE, "out\n"), ("outside.py", "")])],
           "big": [wheel("big", "1.0", [("big.bin", ZEROS)])],
           "outpost": [wheel("outpost", "1.0", [("outpost.py", "")], requires=[f"pure @ {base}/ok/pip/files/pure-1.0-py3-none-any.whl"])]}
    for name, need in {"sources": f"source-only @ {base}/ok/pip/files/source-only-1.0.tar.gz",
                       "away-sources": f"source-only @ {AWAY}/ok/pip/files/source-only-1.0.tar.gz",
                       "away-wheel": f"pure @ {AWAY}/ok/pip/files/pure-1.0-py3-none-any.whl",
                       "away-git": f"pure @ git+{AWAY}/pure.git", "away-file": "", "away-moved": ""}.items():
        all[name] = [wheel(name, "1.0", [("away.py", "")], requires=[need] if need else [])]
    for i in MANY:
        all[f"many-{i}"] = [wheel(f"many-{i}", f"1.{i}", [(f"many_{i}.py", f"N = {i}\n")])]
    return all


def pip(path, base, root):
    name = path.removeprefix("simple/").strip("/")
    if path.startswith("files/"):
        name = path.removeprefix("files/")
        if name == "source-only-1.0.tar.gz":
            return source_only(root), True
        for files in pip_all(root).values():
            for n, make in files:
                if n == name:
                    return make(), True
        return None
    if name == "source-only":
        names = [("source-only-1.0.tar.gz", lambda: source_only(root))]
    elif name in pip_all(root):
        names = pip_all(root)[name]
    else:
        return None
    if name == "away-file":
        base = f"{AWAY}/ok/pip"
    links = "".join(f'<a href="{base}/files/{n}#sha256={hashlib.sha256(m()).hexdigest()}"'
                    f'{" data-requires-python=&gt;=3.99" if name == "newer" else ""}>{n}</a>\n' for n, m in names)
    return f"<!DOCTYPE html><html><body>\n{links}</body></html>\n".encode(), False


# ---- npm ----------------------------------------------------------------------

def node(name, version, files, **more):
    package = {"name": name, "version": version, **more}
    return package, functools.cache(lambda: pack_tar([("package/package.json", json.dumps(package)), *[("package/" + f[0], *f[1:]) for f in files]]))


def npm_all(base):
    phone = f"node -e \"require('http').get('{base}/phoned')\""
    all = {}
    def add(*a, **k):
        package, make = node(*a, **k)
        all.setdefault(package["name"], {})[package["version"]] = (package, make)
    for v in ("1.0.0", "1.1.0", "2.0.0"):
        add("left", v, [("index.js", f"exports.version = {v!r};\nexports.pad = (s, n) => String(s).padStart(n);\n"),
                        ("index.d.ts", "export const version: string;\nexport function pad(s: string, n: number): string;\n")],
            main="index.js", types="index.d.ts")
    add("@scope/esm", "1.0.0", [("index.js", "export const esm = 'esm';\n"), ("index.d.ts", "export const esm: string;\n")],
        type="module", exports={".": {"types": "./index.d.ts", "default": "./index.js"}})
    add("deep", "1.0.0", [("index.js", "const left = require('left');\nexports.left = left.version;\nexports.esm = () => import('@scope/esm');\n")],
        dependencies={"left": "^1.0.0", "@scope/esm": "1.0.0"})
    add("phone", "1.0.0", [("index.js", "exports.phone = require('fs').existsSync(__dirname + '/phoned');\n")],
        scripts={s: f"touch phoned; {phone}" for s in ("preinstall", "install", "postinstall", "prepare")})
    add("bin", "1.0.0", [("bin.sh", "#!/bin/sh\necho bin\n")], bin={"bin": "bin.sh"})
    add("outside", "1.0.0", [(OUTSIDE, "out\n"), ("link", None, "/etc"), ("link/outside", "out\n"), ("index.js", "exports.ok = 1;\n")])
    add("big", "1.0.0", [("big.bin", ZEROS)])
    add("outpost", "1.0.0", [("index.js", "")], dependencies={"left": f"{base}/ok/npm/left/-/left-1.0.0.tgz"})
    for name in ("away-file", "away-moved", "away-page"):
        add(name, "1.0.0", [("index.js", "")])
    add("away-needs", "1.0.0", [("index.js", "")], dependencies={"left": f"{AWAY}/ok/npm/left/-/left-1.0.0.tgz"})
    add("away-git", "1.0.0", [("index.js", "")], dependencies={"left": f"git+{AWAY}/left.git"})
    add("away-maybe", "1.0.0", [("index.js", "")], optionalDependencies={"left": f"{AWAY}/ok/npm/left/-/left-1.0.0.tgz"})
    add("through", "1.0.0", [("index.js", "")], dependencies={"away-git": "1.0.0"})
    for i in MANY:
        add(f"many-{i}", f"1.0.{i}", [("index.js", f"module.exports = {i};\n")])
    return all


def npm(path, base, root):
    all, (name, _, archive) = npm_of(root), path.partition("/-/")
    name = name.replace("%2f", "/").replace("%2F", "/")
    if name not in all:
        return None
    if archive:
        version = archive.removesuffix(".tgz")[len(name.split("/")[-1]) + 1:]
        return (all[name][version][1](), True) if version in all[name] else None
    short = name.split("/")[-1]
    if name == "away-file":
        base = f"{AWAY}/ok/npm"
    versions = {v: {**p, "hasInstallScript": "scripts" in p, "dist": {
        "tarball": f"{base}/{name}/-/{short}-{v}.tgz",
        "integrity": "sha512-" + base64.b64encode(hashlib.sha512(m()).digest()).decode(),
        "shasum": hashlib.sha1(m()).hexdigest()}} for v, (p, m) in all[name].items()}
    return json.dumps({"name": name, "dist-tags": {"latest": list(versions)[-1]}, "versions": versions}).encode(), False


npm_of = functools.cache(npm_all)

# ---- NuGet --------------------------------------------------------------------

def nupkg(id, version, files=(("lib/netstandard2.0/_._", ""),), needs=()):
    spec = (f'<?xml version="1.0"?><package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>{id}</id>'
            f"<version>{version}</version><authors>a</authors><description>d</description><dependencies>"
            + "".join(f'<dependency id="{i}" version="{v}"/>' for i, v in needs) + "</dependencies></metadata></package>")
    return spec, functools.cache(lambda: pack_zip([(f"{id}.nuspec", spec), *files]))


def nuget_all():
    all = collections.defaultdict(dict)
    for version in ("1.0.0", "1.2.0"):
        all["plain"][version] = nupkg("Plain", version)
    all["needs"]["1.0.0"] = nupkg("Needs", "1.0.0", needs=[("Plain", "1.0.0")])
    all["moved"]["1.0.0"] = nupkg("Moved", "1.0.0")
    all["old"]["1.0.0"] = nupkg("Old", "1.0.0", [("lib/net48/_._", ""), ("lib/net48/Old.dll", "MZ")])
    all["outside"]["1.0.0"] = nupkg("Outside", "1.0.0", [("lib/netstandard2.0/_._", ""), (OUTSIDE, "out\n")])
    all["big"]["1.0.0"] = nupkg("Big", "1.0.0", [("lib/netstandard2.0/_._", ""), ("content/big.bin", ZEROS)])
    for i in MANY:
        all[f"many.{i}"][f"1.0.{i}"] = nupkg(f"Many.{i}", f"1.0.{i}")
    for file in pathlib.Path(os.environ["NUPKGS"]).glob("*.nupkg") if os.environ.get("NUPKGS") else ():
        with zipfile.ZipFile(file) as z:
            spec = z.read(next(n for n in z.namelist() if n.endswith(".nuspec") and "/" not in n)).decode("utf-8-sig")
        id, version = re.search(r"<id>\s*(.*?)\s*</id>", spec)[1], re.search(r"<version>\s*(.*?)\s*</version>", spec)[1]
        all[id.lower()][version.lower()] = spec, file.read_bytes
    return all


def nuget(path, base, root):
    kind, *rest = path.strip("/").split("/")
    if path == "index.json":
        if "/elsewhere/" in base:
            base = f"{AWAY}/ok/nuget"
        return json.dumps({"version": "3.0.0", "resources": [
            {"@id": f"{base}/flat/", "@type": "PackageBaseAddress/3.0.0"},
            {"@id": f"{base}/registration/", "@type": "RegistrationsBaseUrl/3.6.0"}]}).encode(), False
    if not rest or rest[0] not in NUGET:
        return None
    id, versions = rest[0], NUGET[rest[0]]
    if kind == "registration":
        leaves = [{"catalogEntry": {"@id": f"{base}/entry/{id}/{v}", "id": id, "version": v, "listed": True},
                   "packageContent": f"{base}/flat/{id}/{v}/{id}.{v}.nupkg"} for v in versions]
        return json.dumps({"count": 1, "items": [{"count": len(leaves), "lower": list(versions)[0], "upper": list(versions)[-1],
                                                  "items": leaves}]}).encode(), False
    if rest[1:] == ["index.json"]:
        return json.dumps({"versions": list(versions)}).encode(), False
    if len(rest) == 3 and rest[1] in versions:
        spec, make = versions[rest[1]]
        return (spec.encode(), False) if rest[2].endswith(".nuspec") else (make(), True)
    return None


# ---- the server ------------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *a): pass

    def answer(self, status, body, kind="application/json", length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
            self.wfile.flush()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/reset":
            COUNT.clear()
        self.answer(200, b"{}")

    def do_HEAD(self): self.do_GET()

    def do_GET(self):
        path = re.sub(r"^http://[^/]*", "", self.path.partition("?")[0])	# of a proxy the whole address is asked
        if path == "/requests":
            return self.answer(200, json.dumps(sorted(COUNT.items())).encode())
        if path == "/away":
            return self.answer(200, json.dumps(away.connections).encode())
        COUNT[path] += 1
        if MOVED.search(path) and self.server is server:
            self.send_response(302)
            self.send_header("Location", AWAY + path)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        asked = re.match(r"http://[^/]*", self.path)
        if path.startswith("/near/"):
            self.send_response(301)
            self.send_header("Location", path.replace("/near/", "/ok/", 1))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        root = asked[0] if asked else f"{'https' if TLS else 'http'}://127.0.0.1:{self.server.server_port}"
        m = re.fullmatch(r"/([a-z0-9-]+)/(pip|npm|nuget)/(.*)", path)
        if not m:
            return self.answer(404, b"{}")
        fault, what, rest = m.groups()
        found = {"pip": pip, "npm": npm, "nuget": nuget}[what](rest, f"{root}/{fault}/{what}", root)
        if not found:
            return self.answer(404, b'{"error":"out of order\\nout of order"}')
        body, archive = found
        if fault.startswith("file-"):
            fault = fault.removeprefix("file-") if archive else "ok"
        elif fault == "hash" and not archive:
            fault = "ok"
        self.faulty(fault, body, "application/octet-stream" if archive else "text/html" if what == "pip" else "application/json")

    def faulty(self, fault, body, kind):
        if fault in ("stall", "cut"):
            self.answer(200, body[:len(body) // 2], kind, len(body))
            self.close_connection = True
            if fault == "stall":
                self.server.end.wait()
        elif fault == "500":
            self.answer(500, b"out of order\n", "text/plain")
        elif fault == "404":
            self.answer(404, b"{}")
        elif fault == "garbage":
            self.answer(200, bytes(range(256)) * 8, kind)
        elif fault == "hash":
            self.answer(200, pack_zip([("pure.py", "VERSION = 'other'\n")]), kind)
        else:
            self.answer(200, body, kind)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    end = threading.Event()

    def handle_error(self, request, client_address):
        pass	# a client that went away


class Away(Server):
    connections = 0

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)


NUGET = nuget_all()
away = Away(("127.0.0.1", 0), Handler)
AWAY = f"http://127.0.0.1:{away.server_port}"
threading.Thread(target=away.serve_forever, daemon=True).start()
TLS = os.environ.get("REGISTRY_TLS")
server = Server(("127.0.0.1", 0), Handler)
if TLS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS)
    server.socket = context.wrap_socket(server.socket, server_side=True)
part = pathlib.Path(sys.argv[1] + ".part")
part.write_text(f"{server.server_port}\n")
part.rename(sys.argv[1])
server.serve_forever()
