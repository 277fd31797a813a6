"""fetch.py - Python's packages for a layer, by pip: runs in a package box, cee-languages(5)

A request on standard input, the tree in ./layer: `site` for sys.path and lock.json. Wheels
alone, so that nothing of a package runs; no configuration but what the request says. All comes
from the registry: registry_pip.py, the pip that is called, refuses the rest before it is fetched.

pip answers "no matching distribution" to a registry that is away as to a name that is wrong.
What its log says of each page that it could not fetch tells the two apart.

Users get what pip says of names and versions. What a server may have written (pages, addresses,
reasons of HTTP) is not shown.

Exit status: 0 done, 1 there is no such thing (the reason is on standard error), 75 the
registry did not answer as one does, 70 anything else.
"""
import compileall
import json
import os
import py_compile
import re
import subprocess
import sys
import traceback
import urllib.parse

from pip._internal.models.index import PyPI

WRONG, OURS, AGAIN = 1, 70, 75
PIP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "registry_pip.py")
PUBLIC = PyPI.simple_url + "/"	# as pip itself knows it
LOG, REPORT = "pip.log", "report.json"
# What is no answer of a registry: in the log, and among pip's own words
UNFETCHED = re.compile(r"Could not fetch URL (?!.*: 404 Client Error)|Skipping page \S+ because")
BROKEN = re.compile(r"DO NOT MATCH THE HASHES|Max retries exceeded|Connection (aborted|broken|refused)|Read timed out|"
                    r"HTTP error|HTTPError|ProtocolError|IncompleteRead|ReadTimeoutError|UnicodeDecodeError|SSLError|"
                    r"BadZipFile|is invalid\.|has an invalid wheel|Wheel .* is invalid|NewConnectionError|ProxyError|InvalidSchema")
# pip's errors that hold names, versions and paths alone
PLAIN = re.compile(r"ERROR: (Could not find a version|No matching distribution|Ignored the following|Cannot install |"
                   r"(For req: [\w.=+-]+\. )?The wheel .* trying to install outside|[\w.-]+: .*; packages come from the registry alone$|"
                   r"[\w.+-]+\.whl is not a supported wheel|Package '?[\w.-]+'? requires a different Python)")


def requirement(package):
    name, version = package["name"], package["version"]
    if version == "*":
        return name
    return name + (version if version[0] in "<>=!~" else "==" + version)


def command(request):
    pip = [sys.executable, "-I", PIP, request.get("index") or PUBLIC, "--isolated", "--no-input",
           "--disable-pip-version-check", "--no-cache-dir", "--no-color", "--quiet", "--retries", "2", "--timeout", "15", "--log", LOG]
    if os.environ.get("SSL_CERT_FILE"):
        pip += ["--cert", os.environ["SSL_CERT_FILE"]]
    pip += ["install", "--only-binary=:all:", "--target", "layer/site", "--no-compile", "--no-warn-script-location",
            "--no-warn-conflicts", "--report", REPORT, "--ignore-installed"]
    index = request.get("index")
    if index and index.startswith("/"):
        pip += ["--no-index", "--find-links", index]
    else:
        pip += ["--index-url", index or PUBLIC]
    return pip + ["--", *map(requirement, request["packages"])]


def text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read(4 << 20)
    except FileNotFoundError:
        return ""


def judge(status, words):
    """The exit status for what pip said, and what of it is for people."""
    errors = [line for line in words.splitlines() if line.startswith("ERROR: ") and not line.startswith("ERROR: Exception")]
    if "No space left on device" in words:
        return WRONG, ["the packages take more room than a layer may have"]
    if UNFETCHED.search(text(LOG)) or BROKEN.search(words):
        kinds = {m.group(0) for m in BROKEN.finditer(text(LOG) + words) if len(m.group(0)) < 40}
        return AGAIN, ["the registry did not answer as one does" + "".join(f"; {k}" for k in sorted(kinds))]
    if status == 1 and errors:
        plain = [line[:500] for line in errors if PLAIN.match(line) and "://" not in line]
        return WRONG, plain or ["ERROR: pip refuses a package of these, or what one of them requires"]
    kinds = re.findall(r"^(?:[a-z_]\w*\.)*([A-Z]\w{2,40}(?:Error|Exception))\b", words, re.M)
    return OURS, [f"pip failed with status {status}" + "".join(f"; {k}" for k in kinds[-1:])]


def lock():
    """What pip took; nothing of it by an address of a package's own."""
    taken = []
    for item in json.loads(text(REPORT))["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        if item["is_direct"]:
            fail(WRONG, [f"ERROR: {name} {version} is asked for by an address; packages come from the registry alone"])
        hashes = item["download_info"].get("archive_info", {}).get("hashes", {})
        taken.append({"name": name, "version": version, "hash": "sha256:" + hashes.get("sha256", "")})
    return sorted(taken, key=lambda p: p["name"].lower())


def fail(status, lines):
    for line in lines:
        print(line[:2000], file=sys.stderr)
    sys.exit(status)


def main():
    request = json.load(sys.stdin)
    os.makedirs("layer/site")
    os.makedirs("tmp")
    env = dict(os.environ, TMPDIR=os.path.abspath("tmp"), LC_ALL="C.UTF-8")
    done = subprocess.run(command(request), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env=env, text=True, errors="replace")
    if done.returncode != 0:
        fail(*judge(done.returncode, done.stderr))
    taken = lock()
    # Byte code that needs no look at the source: a layer never changes.
    compileall.compile_dir("layer/site", quiet=2, workers=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    with open("layer/lock.json", "w", encoding="utf-8") as f:
        json.dump(taken, f)


def public_registry():
    """The hosts that are asked without an index: the image's label has them."""
    for host in (urllib.parse.urlsplit(PUBLIC).hostname, PyPI.file_storage_domain):
        print(f"{host}:443")


try:
    public_registry() if sys.argv[1:] == ["--registry"] else main()
except Exception:
    fail(OURS, traceback.format_exc().splitlines())
