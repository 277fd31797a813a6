"""check.py - proves, from the spool's files and the client's notes alone, that nothing was lost

It shares no code with cee. For each id that a submitter printed:
- there is exactly one result, and the job's file lies beside it (or nowhere else);
- it says what had to come, or blames cee by name (lost, box died, internal error, expired) with its attempts as the policy has them;
- an ended program's output is whole, in order and not doubled: byte for byte what was expected;
- collected files have their bytes;
- its attempts did not overlap: what an attempt wrote was read before the next one began.
And of the spool: no job is left in new/ or cur/, no file in tmp/, in/ or cancel/, and cee-fsck finds it sound.
"""
import glob, json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tools"))
from spoolnames import OUT_PATH

OURS = ("lost", "box died", "internal error")
MARKS = {"o": "stdout", "e": "stderr", "c": "stderr"}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def index(attempt):
    """(time, letter, length) of each whole line"""
    lines = read(os.path.join(attempt, "index")).split(b"\n")[:-1]
    out = []
    for line in lines:
        time, letter, length = line.split(b" ")
        out.append((int(time), letter.decode(), int(length)))
    return out


def covered(attempt, stream):
    """the bytes of stdout or stderr that the index covers"""
    n = sum(length for _, letter, length in index(attempt) if MARKS.get(letter) == stream)
    data = read(os.path.join(attempt, stream))
    if len(data) < n:
        raise ValueError("the index covers %d bytes of %s, which has %d" % (n, stream, len(data)))
    return data[:n]


STEP_US = 900000  # the smallest step of the clock that harm.py makes is a second


def span(attempt, stepped):
    """When its first and last piece of output were read, in microseconds; None: not known.

    With stepped, the runner's clock was changed during the run, and the kernel's, which gave the index its mtime, was not:
    the last piece has both times. An attempt within which the clock may have jumped has no known beginning."""
    path = os.path.join(attempt, "index")
    times = [t for t, _, _ in index(attempt)] if os.path.exists(path) else []
    if not times:
        return None, None
    if not stepped:
        return min(times), max(times)
    end = os.stat(path).st_mtime_ns // 1000
    jumped = any(not 0 <= b - a < STEP_US for a, b in zip(times, times[1:]))
    return None if jumped else end - (times[-1] - times[0]), end


def check_attempts(job, stepped):
    last = 0
    for n in sorted(int(os.path.basename(p)) for p in glob.glob(os.path.join(job, "[1-9]"))):
        first, end = span(os.path.join(job, str(n)), stepped)
        if first and first < last:
            return "attempt %d began before the one before it had ended" % n
        last = end or last
    return None


def check_job(owner, id, right, stepped):
    found = glob.glob(os.path.join(owner, OUT_PATH, id))
    if len(found) != 1:
        return "has %d directories in out/" % len(found)
    job = found[0]
    if not os.path.exists(os.path.join(job, "result")):
        return "has no result"
    result = json.loads(read(os.path.join(job, "result")))
    if not os.path.exists(os.path.join(job, "job")):
        return "has a result, but its file was not put away"
    overlap = check_attempts(job, stepped)
    if overlap:
        return overlap
    if result["why"] in OURS:
        if result["why"] == "internal error" and result["attempt"] <= 3:
            return "internal error after %d attempts of 4: %s" % (result["attempt"], result.get("message"))
        return None
    if result["why"] == "cancelled" and right.get("cancelled"):
        return None
    if result["why"] != right["why"] or result["exit_code"] != right["exit_code"]:
        return "ended as %s %s (%s), and %s %s was right" % (result["why"], result["exit_code"], result.get("message"),
                                                           right["why"], right["exit_code"])
    attempt = os.path.join(job, str(result["attempt"]))
    got = covered(attempt, "stdout").decode(errors="replace")
    if got != right["stdout"] and not result["dropped_by_disk"]:
        return "its output has %d bytes and is not the %d expected: %r..." % (len(got), len(right["stdout"]), got[:60])
    if result["dropped_by_disk"]:
        return None
    left = {f["name"] for f in result.get("left", [])}
    if result.get("left_more"):	# their names were lost for want of memory, their number is said
        return None
    for name, data in right.get("files", {}).items():
        if name in left:	# said to be missing, and why
            continue
        if not os.path.exists(os.path.join(attempt, "files.index")):
            return "neither collected nor said to be left: %s" % name
        rows = [json.loads(r) for r in read(os.path.join(attempt, "files.index")).split(b"\n")[:-1]]
        row = [r for r in rows if r["name"] == name]
        if len(row) != 1:
            return "collected %s %d times" % (name, len(row))
        bytes_ = read(os.path.join(attempt, "files"))[row[0]["offset"]:row[0]["offset"] + row[0]["size"]]
        if bytes_.decode() != data:
            return "collected other bytes of %s" % name
    return None


def check(spool, owner, notes, stepped=False):
    """notes: id -> what was right, of each id that was printed; stepped: the runners' clock was changed. Returns (findings, counts of why)."""
    findings, counts = [], {}
    owners = {right.get("owner", owner) for right in notes.values()} | {owner}
    for id, right in sorted(notes.items()):
        home = os.path.join(spool, right.get("owner", owner))
        try:
            trouble = check_job(home, id, right, stepped)
        except (OSError, ValueError, KeyError) as e:
            trouble = "cannot be read: %s" % e
        if trouble:
            findings.append("%s (%s): %s" % (id, right["kind"], trouble))
        for path in glob.glob(os.path.join(home, OUT_PATH, id, "result")):
            why = json.loads(read(path))["why"]
            counts[why] = counts.get(why, 0) + 1
    for part in ("new", "cancel", "in"):
        left = [p for o in owners for p in glob.glob(os.path.join(spool, o, part, "*"))]
        if left:
            findings.append("%s/: %d left: %s" % (part, len(left), left[:3]))
    left = glob.glob(os.path.join(spool, "cur", "*", "*", "*"))
    if left:
        findings.append("cur/: %d left: %s" % (len(left), left[:3]))
    known = set(notes)
    for path in [p for o in owners for p in glob.glob(os.path.join(spool, o, OUT_PATH, "*"))]:
        if os.path.basename(path) not in known:
            findings.append("%s: a job whose id was never printed or chosen" % path)
    return findings, counts
