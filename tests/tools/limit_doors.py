#!/usr/bin/env python3
"""limit_doors.py - every limit of both phases at 0, 1, its ceiling, one above, negative, as a float, as text: at every door

The doors are a job in JSON (cee-submit -j), the option -L of cee-submit, and POST /tasks of cee-http. Each has to take or to
refuse the same values, name the limit it refuses, and pass on the value that was asked for. What is right stands in
expected(), which knows the units and ceilings from man/cee.conf.5 and nothing of the C sources. No runner, no engine:
CEE_SPOOL and CEE_CONF name a spool with languages. Prints a line for each difference, and how many values were tried.
"""
import glob, json, os, re, subprocess, sys

BIN = os.environ.get("CEE_BIN", "bin")
M, G = 1 << 20, 1 << 30
LIMITS = {"cpu": ("time", 60), "wall": ("time", 300), "memory": ("size", 2 * G), "processes": ("count", 512), "output": ("size", 256 * M),
          "file_size": ("size", G), "disk": ("size", G), "inodes": ("count", 65536), "open_files": ("count", 4096), "stack": ("size", 2 * G)}
MAY_BE_ZERO = ("output", "file_size")
OF_THE_JOB = ("disk", "inodes")		# of the run phase alone


def values(kind, most):
    """(what is asked for, its number or None if it is refused); a text is what an option can say too"""
    yield from ((0, 0), ("0", 0), (most, most), (str(most), most), (most + 1, None), (str(most + 1), None))
    yield from ((1, 1), ("1", 1), (1.0, 1))
    yield from ((v, None) for v in (-1, "-1", -0.5, 1e300, "9223372036854775808", "", "1e3", "none", "NONE", "0x10", " 1", None, True, [1], {}))
    yield 1.5, 1.5 if kind == "time" else None
    if kind == "time":
        yield from (("1.5", 1.5), ("1500ms", 1.5), ("1s", 1), ("1h", None))
    elif kind == "size":
        yield from (("1M", M), ("1.5K", 1536), ("1T", None), ("1X", None))
    else:
        yield from (("1K", None), ("1.5", None))


def expected(name, value):
    if value is None:
        return None
    if value == 0 and name not in MAY_BE_ZERO:
        return None
    return value


def run(argv, stdin=b"", **env):
    p = subprocess.run([os.path.join(BIN, argv[0]), *argv[1:]], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env=dict(os.environ, **env))
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def stored(id):
    found = glob.glob(os.path.join(os.environ["CEE_SPOOL"], "*", "new", "?." + id))
    return json.load(open(found[0])).get("limits", {}) if found else None


def job_text(phase, name, value):
    limits = {name: value} if phase == "run" else {"compile": {name: value}}
    return json.dumps({"language": "c", "code": "int main(void) { return 0; }", "limits": limits}).encode()


def by_job(phase, name, value):
    code, out, err = run(["cee-submit", "-j", "-"], job_text(phase, name, value))
    return (stored(out.strip()) if code == 0 else None), err, code in (0, 65)


def by_option(phase, name, value):
    prefix = "compile." if phase == "compile" else ""
    code, out, err = run(["cee-submit", "-l", "c", "-L", "%s%s=%s" % (prefix, name, value), os.environ["PROGRAM"]])
    return (stored(out.strip()) if code == 0 else None), err, code in (0, 64, 65)


def by_http(phase, name, value):
    body = job_text(phase, name, value)
    _, out, err = run(["cee-http"], body, REQUEST_METHOD="POST", PATH_INFO="/tasks", CONTENT_TYPE="application/json",
                      CONTENT_LENGTH=str(len(body)), REMOTE_USER="ann", REMOTE_ADDR="127.0.0.1", HTTP_HOST="localhost",
                      SERVER_NAME="localhost")
    status = int((re.search(r"^Status: (\d+)", out, re.M) or [0, "200"])[1])
    ids = re.search(r'"id":"([^"]+)"', out)
    return (stored(ids[1]) if status < 300 and ids else None), out, status in (200, 201, 202, 400)


def as_number(kind, value):
    """what a stored limit says, as the number that was meant"""
    if isinstance(value, str):
        m = re.fullmatch(r"([0-9.]+)(ms|s|K|M|G)?", value)
        return float(m[1]) * {"ms": 0.001, "s": 1, "K": 1024, "M": M, "G": G, None: 1}[m[2]]
    return float(value)


def main():
    tried, wrong = 0, []
    doors = {"job": by_job, "option": by_option, "http": by_http}
    for phase in ("run", "compile"):
        for name, (kind, most) in LIMITS.items():
            for value, number in values(kind, most):
                want = expected(name, number)
                if phase == "compile" and name in OF_THE_JOB:
                    want = None
                for door, ask in doors.items():
                    if door == "option" and not isinstance(value, str):
                        continue
                    tried += 1
                    limits, words, known = ask(phase, name, value)
                    what = "%s: %s.%s = %r" % (door, phase, name, value)
                    if not known:
                        wrong.append("%s: neither taken nor refused: %s" % (what, words[-200:]))
                    elif want is None and limits is not None:
                        wrong.append("%s: was taken" % what)
                    elif want is not None and limits is None:
                        wrong.append("%s: was refused: %s" % (what, words[-200:].strip()))
                    elif want is None and name not in words:
                        wrong.append("%s: the refusal does not name it: %s" % (what, words[-200:].strip()))
                    elif want is not None:
                        has = (limits if phase == "run" else limits.get("compile", {})).get(name)
                        if has is None and phase == "run":
                            has = limits.get("run", {}).get(name)
                        if has is None or abs(as_number(kind, has) - want) > 1e-9:
                            wrong.append("%s: became %r" % (what, has))
    for w in wrong:
        print("not right: " + w)
    print("%d values, %d not right" % (tried, len(wrong)))
    return 1 if wrong or tried < 900 else 0


if __name__ == "__main__":
    sys.exit(main())
