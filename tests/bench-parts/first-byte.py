"""From the command to the first byte of output and to the end: in a cold box, a warm one and
one that the owner used before, beside docker run, bubblewrap and the bare process.

All that a user waits for is timed: cee-submit -w with a durable spool. A run that
got another kind of box than intended (its result says which) does not count. The bare process is
the host's own interpreter; for C# it is the image's, unpacked, since only that has the
compiler's settings.
"""
import json, os, shlex, shutil, subprocess

from benchlib import Runner, Skip, bubblewrap, docker_run, elf_job, first_byte, has_image, med, python, ratio, turns, until

TITLE = "first byte and end, ms"
PROGRAMS = {
    "python": ("hello.py", "print('hello')\n"),
    "javascript": ("hello.js", "console.log('hello')\n"),
    "c": ("hello.c", '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n'),
    "csharp": ("Program.cs", 'Console.WriteLine("hello");\n'),
}
TITLES = {"static": "static C", "python": "Python", "javascript": "Node", "c": "C, compiled", "csharp": "C#"}


def expand(argv, lang, name):
    """As lang_argv does: one file, no arguments."""
    out = []
    for a in argv:
        if a == "{files}":
            out.append(name)
        elif a != "{args}":
            out.append(a.replace("{file}", name).replace("{framework}", (lang.get("frameworks") or [""])[0]))
    return out


def script(lang, name, source):
    """What the language does with the program, as a line for sh."""
    files = "cp %s/* . && " % source
    steps = [expand(lang[p], lang, name) for p in ("compile", "run") if lang.get(p)]
    return files + " && ".join(" ".join(map(shlex.quote, s)) for s in steps[:-1] + [["exec"] + steps[-1]])


def unpack(bench, image):
    """The image's files in a folder, for what the host has no tool for."""
    root = os.path.join(bench.work, "root")
    if not os.path.isdir(root):
        os.mkdir(root)
        box = subprocess.run(["docker", "create", image, "true"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        try:
            with subprocess.Popen(["docker", "export", box], stdout=subprocess.PIPE) as p:
                subprocess.run(["tar", "-x", "-C", root], stdin=p.stdout, check=True)
        finally:
            subprocess.run(["docker", "rm", box], stdout=subprocess.DEVNULL, check=True)
    return root


def ways_of_others(bench, key, lang, folder, name):
    """docker run, bubblewrap and the bare process. (ways, reasons of those that are not there)"""
    ways, missing = {}, {}
    env = [(k, v) for k, v in sorted(lang.get("env", {}).items())]
    plain = dict(os.environ, **dict(env))
    root = "/"

    def add(title, make):
        try:
            argv, cwd = make()
            ways[title] = lambda: first_byte(argv, plain, cwd)
        except (Skip, OSError, subprocess.SubprocessError) as e:
            missing[title] = str(e)

    def bare():
        if key == "static":
            return [bench.hello()], None
        if key == "python":
            return [python(), os.path.join(folder, name)], None
        if key == "csharp":
            work = os.path.join(root, "tmp/work")
            os.makedirs(work, exist_ok=True)
            subprocess.run("rm -rf %s/tmp/src; cp -r %s %s/tmp/src" % (root, folder, root), shell=True, check=True)
            # its runtime wants a /proc; the mount goes with the process
            # and a /dev, and chroot is not in the language's PATH
            enter = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec "$2" "$0" sh -c "$1"'
            return ["unshare", "--mount", "sh", "-c", enter, root, "cd /tmp/work && " + script(lang, name, "/tmp/src"),
                    shutil.which("chroot") or "/usr/sbin/chroot"], None
        work = os.path.join(bench.work, "bare-" + key)
        os.makedirs(work, exist_ok=True)
        own = dict(lang, run=["node", "{file}"]) if key == "javascript" else lang
        return ["sh", "-c", script(own, name, folder)], work

    def wrapped():
        if key == "static":
            return bubblewrap(["/tmp/src/" + name], work=folder), None
        if key == "python":
            return bubblewrap([python(), "/tmp/src/" + name], work=folder), None
        own = dict(lang, run=["node", "{file}"]) if key == "javascript" else lang
        return bubblewrap(["sh", "-c", script(own, name, "/tmp/src")], root, folder, env), None

    def docker():
        if key == "static":
            return docker_run("cee/python:latest", ["/src/" + name], folder), None
        if key == "python":
            return docker_run(lang["image"], ["python3", "/src/" + name], folder), None
        return docker_run(lang["image"], ["sh", "-c", script(lang, name, "/src")], folder, "1g"), None

    if key == "csharp":
        try:
            root = unpack(bench, lang["image"])
        except (OSError, subprocess.SubprocessError) as e:
            root = None
            missing["bubblewrap"] = missing["bare process"] = "the image cannot be unpacked: %s" % e
    add("docker run", docker)
    if root:
        add("bubblewrap", wrapped)
        add("bare process", bare)
    return ways, missing


class Ways:
    """Three runners: none keeps a box, one makes them ahead, one gives the owner's own again."""

    def __init__(self, bench, key):
        self.cold = Runner(bench, "share = none\nwarm = 0", start=False).warm().start()
        self.ahead = Runner(bench, "share = none", start=False).warm(**{"elf" if key == "static" else key: 1}).start()
        self.shared = Runner(bench, "share = owner\nwarm = 0", start=False).warm().start()

    def stop(self):
        for r in (self.cold, self.ahead, self.shared):
            r.stop()

    def warm(self, argv):
        until(10, lambda: self.ahead.ready_boxes() > self.taken)
        self.taken = self.ahead.ready_boxes()
        return self.ahead.run(*argv, box="warm")

    taken = 0


def report(bench, title, key, rows):
    bare = "bare process" if "bare process" in rows else None
    for way in rows:
        for what, pick in (("first byte", lambda v: v[0]), ("end", lambda v: v[1])):
            value = med(rows, way, pick)
            base = med(rows, bare, pick) if bare and way != bare else None
            target = met = None
            if value and base and way == "warm box" and what == "first byte":
                target, met = "bare process + 4 ms", value <= base + 4
            if value and base and way == "warm box" and what == "end" and key in ("static", "python"):
                target, met = "bare process + 12 ms", value <= base + 12
            bench.figure("%s, %s: %s" % (title, way, what), value, "ms", bare, base,
                         ratio(rows, way, bare, pick) if base else None, target, met)
    first = lambda v: v[0]
    least = {"python": 15, "static": 40}.get(key)
    for ours in ("warm box", "shared box"):
        if "docker run" in rows and med(rows, ours, first):
            times = ratio(rows, "docker run", ours, first)
            aim = least and ours == "warm box"
            bench.figure("%s: docker run over %s" % (title, ours), med(rows, "docker run", first), "ms", ours,
                         med(rows, ours, first), times, "%d times sooner" % least if aim else None,
                         times >= least if aim else None)


def one(bench, key):
    title = TITLES[key]
    name, text = PROGRAMS.get(key, ("hello", None))
    folder = os.path.join(bench.work, "src-" + key)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    if text:
        with open(path, "w") as f:
            f.write(text)
        argv = [path]
    else:
        subprocess.run(["cp", bench.hello(), path], check=True)
        argv = ["-j", bench.program("hello.json", elf_job(path))]
    os.chmod(folder, 0o755)
    os.chmod(path, 0o755)
    with open(os.path.join(os.path.dirname(__file__), "../../etc/languages.d/%s.json" % (key if text else "python"))) as f:
        lang = json.load(f)
    for more in lang.get("files", []) if text else []:
        with open(os.path.join(folder, more["name"]), "w") as f:
            f.write(more["content"])
    if not has_image(lang["image"]):
        bench.skip(title, "the image %s is not there: cee-lang build %s" % (lang["image"], lang["name"]))
        return
    others, missing = ways_of_others(bench, key, lang, folder, name)
    ours = Ways(bench, key)
    try:
        ways = {"cold box": lambda: ours.cold.run(*argv, box="cold"), "warm box": lambda: ours.warm(argv),
                "shared box": lambda: ours.shared.run(*argv, box="shared"), **others}
        slow = key in ("csharp", "javascript", "c")
        rows = turns(ways, bench.n(11, 2) if slow else bench.n(31, 5))
    finally:
        ours.stop()
    for way, why in missing.items():
        bench.skip("%s, %s" % (title, way), why)
    report(bench, title, key, rows)


def measure(bench):
    for key in TITLES:
        if bench.quick and key == "csharp":
            bench.skip(TITLES[key], "not in a quick run")
        else:
            one(bench, key)
