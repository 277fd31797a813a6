#!/usr/bin/env python3
"""structure.py [CHECK…] - what the structure of the sources promises; run by make lint, after make

    circles     no circle among folders nor among files, by what objects define and need
    ranks       a file includes and calls only what its folder may (RANKS)
    globals     no global name is defined twice
    variables   no file has mutable variables of its own, but those of VARIABLES
    sizes       no source over 500 lines, no header over 200, no function over 60
    names       a file name stands once in the tree
    private     *_internal.h and spool/layout.h are included in their own folder only
    hacking     each file and each function that HACKING.md and CONTRIBUTING.md name is there
    json        JSON is written by base/json_write alone
    once        who may parse the text of a job (PARSES)
    version     the version stands in VERSION and nowhere else

Prints a line for each finding, object first, and exits 1 when there is one. With no CHECK: all.
"""
import collections
import glob
import os
import re
import subprocess
import sys

SOURCE, HEADER, FUNCTION = 500, 200, 60

# Lower ones first: a folder may use itself and what stands before it. Those of one line do not see each other.
RANKS = [
    ["base"], ["wire"], ["layers"], ["conf"], ["job"], ["spool"], ["cli"], ["engine"],
    ["runner/core"], ["runner/box"], ["runner/compile", "runner/pool", "runner/layers"],
    ["runner/queue", "runner/run"], ["runner/host"], ["runner"],
    ["http", "images", "doctor", "cmd"], ["mcp"],
]
# Programs on top, and what of the runner each may see.
MAY = {"doctor": ("runner/core", "runner/box", "runner/host"), "http": (), "images": (), "cmd": (), "mcp": ()}
BELOW_INIT = ("base", "wire")
# Mutable state of a process that no object can hold: why stands beside it in the file.
VARIABLES = {
    "base/id.c": "the ids of a process rise, whatever the clock does",
    "images/engine_client.c": "the flag that a signal handler sets",
    "base/testhook.c": "a test stops the process once",
    "cli/signals.c": "the handler of a signal can reach only static state",
    "cli/tty.c": "the handler of a signal restores the terminal",
    "cli/prog.c": "the program's name and exit status, as getopt(3) has them",
    "runner/core/log.c": "one log a process: text or JSON, on standard error",
}
# Texts that look like written JSON and are none, or cannot be written by base/json_write.
JSON_TEXTS = {
    "base/json_write.c": "the writer",
    "job/published.c": "finds the lines that the writer has written",
    "http/answer.c": "the answer when there is no memory for a writer",
    "http/meta.c": "adds to a tree that was parsed",
    "mcp/tool_list.c": "adds to a tree that was parsed",
    "images/dockerfile.c": "lines of a Dockerfile, whose digest says whether an image is old",
}
# A program parses a job once: submitters when it is checked, the runner when it is claimed, readers of the spool for
# what they show of it.
PARSES = {"cli/checked_job.c", "runner/run/admit.c", "http/task_state.c", "http/event_items.c",
          "cmd/cee-stat/job_stat.c"}


def folder(path):
    """src/runner/box/box.c -> runner/box; src/cmd/cee-stat/x.c -> cmd"""
    name = os.path.dirname(path)[len("src/"):]
    return name.split("/")[0] if name.startswith("cmd") else name


def sources(pattern="*.[ch]"):
    found = glob.glob("src/**/" + pattern, recursive=True)
    return sorted(p for p in found if not os.path.islink(p))


def rank(name):
    for i, row in enumerate(RANKS):
        if name in row:
            return i
    return None


def may_use(user, used):
    if user == used:
        return True
    if user == "init":
        return used in BELOW_INIT
    if user == "probe" or used in ("init", "probe"):
        return False
    a, b = rank(user), rank(used)
    if a is None or b is None:
        return False
    if user in MAY and used.startswith("runner"):
        return used in MAY[user]
    if user == "mcp" and used in MAY and used != "http":
        return False
    return b < a


# ---- objects: who defines and who needs which name -------------------------------------------------


def objects():
    """source -> (defined, needed, variables); from build/ and, for init, build/static"""
    table = {}
    for obj in glob.glob("build/**/*.o", recursive=True):
        rel = obj[len("build/"):-2]
        static = rel.startswith("static/")
        rel = rel[len("static/"):] if static else rel
        src = "src/%s.c" % rel
        if not os.path.exists(src) or (static and not rel.startswith("init/")):
            continue
        defined, needed, variables = set(), set(), set()
        listing = subprocess.run(["nm", "-f", "sysv", obj], capture_output=True, text=True, check=True).stdout
        for line in listing.splitlines():
            field = [part.strip() for part in line.split("|")]
            if len(field) != 7:
                continue
            name, kind, section = field[0], field[2], field[6]
            if kind in "TDBRVWC":
                defined.add(name)
            elif kind == "U":
                needed.add(name)
            # const tables of pointers are in .data.rel.ro: read-only once the program is loaded
            if kind in "dDbBC" and not name.startswith((".", "__compound")) and not section.startswith(".data.rel.ro"):
                variables.add(re.sub(r"\.\d+$", "", name))
        table[src] = (defined, needed, variables)
    missing = [s for s in sources("*.c") if s not in table and not s.startswith("src/probe/")]
    if missing:
        sys.exit("structure.py: %s: has no object in build/; run make first" % missing[0])
    return table


def programs_apart(table):
    """main and names that two programs define each for itself are no arrows."""
    home = collections.defaultdict(set)
    for src, (defined, _, _) in table.items():
        for name in defined:
            home[name].add(src)
    return home


def arrows(table):
    home = programs_apart(table)
    out = collections.defaultdict(lambda: collections.defaultdict(set))
    for src, (_, needed, _) in table.items():
        for name in needed:
            for other in home.get(name, ()):
                if other != src:
                    out[src][other].add(name)
    return out


def circles_in(graph):
    """strongly connected components of more than one node (Tarjan), graph: node -> iterable of nodes"""
    index, low, stack, on, found, counter = {}, {}, [], set(), [], [0]
    sys.setrecursionlimit(10000)

    def visit(v):
        index[v] = low[v] = counter[0]
        counter[0] += 1
        stack.append(v)
        on.add(v)
        for w in graph.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            group = []
            while True:
                w = stack.pop()
                on.discard(w)
                group.append(w)
                if w == v:
                    break
            if len(group) > 1:
                found.append(sorted(group))

    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def check_circles(table):
    files = arrows(table)
    for group in circles_in(files):
        inner = ["%s -> %s (%s)" % (a, b, ", ".join(sorted(files[a][b])[:3]))
                 for a in group for b in group if b in files.get(a, {})]
        yield "%s: a circle of %d files: %s" % (group[0], len(group), "; ".join(inner))
    folders = collections.defaultdict(set)
    for a in files:
        for b in files[a]:
            if folder(a) != folder(b):
                folders[folder(a)].add(folder(b))
    for group in circles_in(folders):
        yield "src/%s: a circle of folders: %s" % (group[0], ", ".join(group))


def check_ranks(table):
    files = arrows(table)
    for a in sorted(files):
        for b in sorted(files[a]):
            if not may_use(folder(a), folder(b)):
                yield "%s: calls %s (%s), which its folder may not use" % (a, b, ", ".join(sorted(files[a][b])[:3]))
    for path in sources():
        for used in re.findall(r'^#include "(.+?)"', open(path).read(), re.M):
            if not os.path.exists("src/" + used):
                if not path.startswith("src/probe/"):
                    yield "%s: includes \"%s\": name it from src/ on, as \"folder/name.h\"" % (path, used)
            elif not may_use(folder(path), folder("src/" + used)):
                yield "%s: includes %s, which its folder may not use" % (path, used)


def check_globals(table):
    for name, homes in sorted(programs_apart(table).items()):
        if len(homes) > 1 and name != "main":
            yield "%s: defined in %s" % (name, " and ".join(sorted(homes)))


def check_variables(table):
    for src, (_, _, variables) in sorted(table.items()):
        if variables and src[len("src/"):] not in VARIABLES:
            yield "%s: has state of its own (%s): put it into an object" % (src, ", ".join(sorted(variables)))


def check_once(table):
    for src, (_, needed, _) in sorted(table.items()):
        for name in sorted(needed & {"job_parse", "job_read"}):
            if src[len("src/"):] not in PARSES:
                yield "%s: calls %s, but its program has parsed the job already (PARSES)" % (src, name)


# ---- sources ------------------------------------------------------------------------------------------


def functions(paths):
    """(file, name, first line, last line) of each function"""
    out = subprocess.run(["ctags", "-x", "--c-kinds=f", "--fields=+ne", "--_xformat=%F\t%N\t%n\t%e", "-f", "-", *paths],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        path, name, first, last = line.split("\t")
        if last.isdigit():
            yield path, name, int(first), int(last)


def check_sizes(_):
    for path in sources():
        lines = sum(1 for _ in open(path))
        most = HEADER if path.endswith(".h") else SOURCE
        if lines > most:
            yield "%s: %d lines (at most %d)" % (path, lines, most)
    for path, name, first, last in functions(sources("*.c")):
        if last - first + 1 > FUNCTION:
            yield "%s:%d: %s has %d lines (at most %d)" % (path, first, name, last - first + 1, FUNCTION)


def check_names(_):
    seen = collections.defaultdict(list)
    for path in sources():
        seen[os.path.basename(path)].append(path)
    for name, paths in sorted(seen.items()):
        if len(paths) > 1 and name != "main.c":
            yield "%s: stands %d times: %s" % (name, len(paths), ", ".join(paths))


def check_json(_):
    """Quoted names with their colon or bracket in a text, brackets alone in one that is written, trees made to print."""
    field = re.compile(r'(?:^|[{,])\\\\"[\w%]*\\\\":?$|\\\\":(?! )|^[{,]\\\\"|^\[\\\\"|\\\\"[}\]]')
    marks = re.compile(r'\b(?:buf_add|buf_printf|printf|fprintf|fputs|puts|out)\([^;]*?"(?:%s)?[,:]*[][{}][][{}:,]*(?:\\n)?"')
    tree = re.compile(r"\bcJSON_(?:Create|Add)\w+\(")
    text = re.compile(r'"((?:\\.|[^"\\\n])*)"')
    for path in sources("*.c"):
        if path[len("src/"):] in JSON_TEXTS:
            continue
        code = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), open(path).read(), flags=re.S)
        hits = {m.start() for m in text.finditer(code) if field.search(m.group(1))}
        hits |= {m.start() for m in marks.finditer(code)} | {m.start() for m in tree.finditer(code)}
        for line in sorted({code.count("\n", 0, at) + 1 for at in hits}):
            yield "%s:%d: writes JSON by hand; use base/json_write.h" % (path, line)


def check_private(_):
    for path in sources() + glob.glob("tests/unit/*.c"):
        for used in re.findall(r'^#include "(.+?)"', open(path).read(), re.M):
            private = used.endswith("_internal.h") or used == "spool/layout.h"
            if private and path.startswith("src/") and folder(path) != folder("src/" + used):
                yield "%s: includes %s, which is private to its folder" % (path, used)


def check_hacking(_):
    known = {name for _, name, _, _ in functions(sources("*.c"))}
    known |= set(re.findall(r"^#define (\w+)\(", "".join(open(p).read() for p in sources("*.h")), re.M))
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                             check=True).stdout.split("\n")
    tracked = {p for p in tracked if p and os.path.exists(p)}
    tails = collections.defaultdict(set)
    for p in tracked:
        tails[os.path.basename(p)].add(p)
    dirs = {os.path.dirname(p) for p in tracked} | {os.path.dirname(os.path.dirname(p)) for p in tracked}
    for doc in ("docs/HACKING.md", "CONTRIBUTING.md"):
        if not os.path.exists(doc):
            yield "%s: is missing" % doc
            continue
        text = re.sub(r"```.*?```", "", open(doc).read(), flags=re.S)
        for word in re.findall(r"[\w./-]+\.(?:c|h|cs|js|py|sh|bats|bash|json|md|html|css|cjs|5|7|8|1)\b", text):
            if re.match(r"\d+(\.\d+)+$", word) or word.startswith(("http", "www.", "cur/", "/")):
                continue
            if word not in tracked and not any(p.endswith("/" + word) or p == word for p in tails[os.path.basename(word)]):
                yield "%s: names %s, which is not there" % (doc, word)
        for word in re.findall(r"(?:src|tests|etc|man|share|scripts|docs|examples)/[\w./-]*[\w-]", text):
            if "." not in os.path.basename(word) and word not in tracked and word.rstrip("/") not in dirs:
                yield "%s: names %s, which is not there" % (doc, word)
        for word in re.findall(r"`(\w+)(?:\(\))?`", text):
            if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", word) and word not in known:
                if not subprocess.run(["grep", "-rqw", word, "src", "etc", "man"], check=False).returncode == 0:
                    yield "%s: names %s, which is not there" % (doc, word)


def check_version(_):
    version = open("VERSION").read().strip()
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", version):
        yield "VERSION: %r is not a version (1.2 or 1.2.3)" % version
    out = subprocess.run(["git", "grep", "-nE", r'define +CEE_VERSION|^VERSION *:?= *[0-9]+[.]', "--", "src", "Makefile", "etc",
                          "share", "man", "scripts"], capture_output=True, text=True, check=False).stdout
    for line in out.splitlines():
        yield "%s: says a version itself; VERSION is the one place" % line
    described = re.search(r'"version": "([^"]+)"', open("src/http/openapi.json").read())
    if not described or described.group(1) != version:
        yield "src/http/openapi.json: says another version than VERSION (make generate)"


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    checks = {n[len("check_"):]: f for n, f in globals().items() if n.startswith("check_")}
    wanted = sys.argv[1:] or list(checks)
    for name in wanted:
        if name not in checks:
            sys.exit("structure.py: %s: is not a check (%s)" % (name, ", ".join(checks)))
    needs = {"circles", "ranks", "globals", "variables", "once"}
    table = objects() if needs & set(wanted) else None
    bad = 0
    for name in wanted:
        for finding in checks[name](table):
            print("%s: %s" % (name, finding))
            bad += 1
    if bad:
        print("structure.py: %d finding%s" % (bad, "" if bad == 1 else "s"))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
