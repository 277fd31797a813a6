"""From a write in the box until curl has the event, behind lighttpd: of one stream, and of ten at once, each
with a job of its own. The program prints the clock, which is the machine's own in a box too.
"""
import importlib.util, json, os, shutil, subprocess, threading, time, urllib.request

from benchlib import Runner, Skip, median

TITLE = "events: written in the box until curl has it, ms"
PROGRAM = """import os, sys, time
sys.stdin.readline()
for _ in range(%d):
    time.sleep(0.05)
    sys.stdout.write("%%d\\n" %% time.clock_gettime_ns(time.CLOCK_MONOTONIC))
"""


def server(bench, env):
    spec = importlib.util.spec_from_file_location("part_http", os.path.join(os.path.dirname(__file__), "http.py"))
    part = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(part)
    return part.Server(bench, env)


def post(port, path, data, type="application/json"):
    q = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), data.encode(), {"Content-Type": type})
    return urllib.request.urlopen(q).read()


def read(p, out, begun):
    rest = b""
    while data := os.read(p.stdout.fileno(), 65536):
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        *lines, rest = (rest + data).split(b"\n")
        for event in map(json.loads, lines):
            if event["event"] == "running":
                begun.set()
            if event["event"] == "stdout" and event["data"]["text"].strip():
                out.append((now - int(event["data"]["text"])) / 1e6)


def latencies(s, n, streams):
    job = json.dumps({"language": "python", "code": PROGRAM % n, "stdin_stream": True, "limits": {"wall": 120}})
    out, running, threads, ids = [], [], [], []
    for _ in range(streams):
        ids.append(json.loads(post(s.port, "/tasks", job))["id"])
        running.append(threading.Event())
        p = subprocess.Popen(["curl", "-sSN", "-H", "Accept: application/x-ndjson",
                              "http://127.0.0.1:%d/tasks/%s/events" % (s.port, ids[-1])], stdout=subprocess.PIPE, bufsize=0)
        threads.append((p, threading.Thread(target=read, args=(p, out, running[-1]))))
        threads[-1][1].start()
    for event in running:		# all of them run before the first begins
        if not event.wait(60):
            raise SystemExit("bench: a stream does not begin")
    for id in ids:
        post(s.port, "/tasks/%s/stdin" % id, "go\n", "application/octet-stream")
    for p, t in threads:
        t.join()
        p.stdout.close()
        p.wait()
    if len(out) != n * streams:
        raise SystemExit("bench: %d lines of %d came" % (len(out), n * streams))
    return out


def measure(bench):
    if not shutil.which("lighttpd", path=os.environ["PATH"] + ":/usr/sbin"):
        raise Skip("lighttpd is not installed")
    with Runner(bench, "jobs = 10\nhttp_state = %s" % bench.work) as r:
        s = server(bench, r.env)
        try:
            for streams in 1, 10:
                ms = latencies(s, bench.n(100, 30), streams)
                bench.figure("one stream" if streams == 1 else "ten at once", median(ms), "ms")
                bench.figure("the slowest of %d lines" % len(ms), max(ms), "ms", None, None, None, "100 ms", max(ms) <= 100)
        finally:
            s.end()
