"""collection - the rows of the hostile programs: of the C tables (main.c lists them), and of the heads of programs/

A file of programs/ is a job in the language of its extension; a folder there is one of several files, its main.* first.
Its head is its first comment lines:

    tries: words
    limits: X=Y ...            as in the C tables
    want: VERDICT|VERDICT; ...
    control: ...               besides those of the C tables: "replace A B", with B for A in the program it must exit with 0
    job: {...}                 more members of the job
    files: NAME ...            what must have been collected, no more and no less; "-" is nothing
    modes: cold warm ...       default: all that a language has
"""
import json, os, re, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
LANGUAGES = {"py": "python", "sh": "bash", "js": "javascript", "ts": "typescript", "cs": "csharp", "c": "c", "cpp": "cpp"}
MODES = ("cold", "warm", "reused", "tests", "compile", "cancel")


class Row:
    def __init__(self, name, tries, limits, want, control, not_in, language="elf"):
        self.name, self.tries, self.want, self.control, self.language = name, tries, want or "exited 0", control, language
        self.limits = dict(pair.split("=", 1) for pair in limits.split())
        self.modes = [m for m in MODES if m not in not_in.split()]
        self.job, self.files, self.collected = {}, [], None

    def verdicts(self, mode=None):
        """[(why, code or None)], [what else]"""
        ends, *more = [part.strip() for part in self.want.split(";")]
        for part in [m for m in more if m.startswith("in ")]:	# "in MODE VERDICT": right in that mode too
            more.remove(part)
            if part.split()[1] == mode:
                ends += "|" + part.split(None, 2)[2]
        found = []
        for text in ends.split("|"):
            m = re.match(r"(.*?)(?: (\d+))?$", text.strip())
            found.append((m.group(1), int(m.group(2)) if m.group(2) else None))
        return found, more


def from_c(binary):
    text = subprocess.run([binary, "list"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [Row(*line.split("\t")) for line in text.splitlines()]


def head(text):
    values = {}
    for line in text.splitlines():
        m = re.match(r"(?:#|//|/\*| \*) ?(tries|limits|want|control|job|files|modes): (.*?)(?: \*/)?$", line)
        if m:
            values[m.group(1)] = m.group(2).strip()
    return values


def from_programs():
    rows = []
    top = os.path.join(HERE, "programs")
    for name in sorted(os.listdir(top)):
        path = os.path.join(top, name)
        paths = [path]
        if os.path.isdir(path):
            paths = [os.path.join(d, f) for d, _, fs in os.walk(path) for f in fs]
            paths.sort(key=lambda p: (not os.path.basename(p).startswith("main."), p))
        texts = [open(p, encoding="utf-8").read() for p in paths]
        h = head(texts[0])
        language = LANGUAGES[paths[0].rsplit(".", 1)[1]]
        row = Row(name.rsplit(".", 1)[0], h["tries"], h.get("limits", ""), h.get("want", ""), h["control"], "", language)
        base = path if os.path.isdir(path) else top
        row.files = [{"name": os.path.relpath(p, base), "content": t} for p, t in zip(paths, texts)]
        row.modes = h["modes"].split() if "modes" in h else ["cold", "warm", "reused"]
        row.job = json.loads(h.get("job", "{}"))
        if "files" in h:
            row.collected = sorted(h["files"].split()) if h["files"] != "-" else []
        rows.append(row)
    return rows


def wrong_rows():
    """Rows of which each is wrong in one way, for a test of the driver: all of them must be found."""
    return [Row("exit-1", "a wrong verdict", "", "exited 0", "none for the driver", ""),
            Row("exit-263", "a code for a signal", "", "signalled 7", "none for the driver", ""),
            Row("spin", "a goal that is reached", "cpu=10 wall=60", "exited 0", "none for the driver", ""),
            Row("flood-stderr", "output that was not dropped", "output=8M", "exited 0; dropped", "none for the driver", ""),
            Row("mounts", "a control that does not reach its goal", "", "exited 3", "limits memory=64M", "")]


def rows(binary):
    found = from_c(binary) + from_programs()
    names = [r.name for r in found]
    double = {n for n in names if names.count(n) > 1}
    if double:
        raise SystemExit("hostile: twice: %s" % ", ".join(sorted(double)))
    return found
