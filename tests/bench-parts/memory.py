"""The runner's resident memory: idle, and with 1,000 and 100,000 jobs waiting. They wait
because there is no engine.
"""
import subprocess, time

from benchlib import BIN, Runner

TITLE = "the runner's memory, MB"


def queued(bench, n):
    r = Runner(bench, "docker_host = unix:///nonexistent/docker.sock\nmax_queued = 1000000", durable=False, start=False)
    r.env.pop("DOCKER_HOST", None)
    subprocess.run([BIN + "/cee-lang", "publish"], env=r.env, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)	# it says that no engine answers
    if n:
        r.submit(b'{"language":"python","code":"pass"}\n' * n, "--relaxed")
    r.start(ready="state=away")
    try:
        last = 0
        for _ in range(60):		# until it has read them all
            time.sleep(0.5)
            now = r.rss_mb()
            if now == last:
                break
            last = now
        return last
    finally:
        r.stop()


def measure(bench):
    with Runner(bench) as r:
        r.run(bench.program("hello.py", "print('hello')\n"))
        idle = r.rss_mb()
    bench.figure("idle", idle, "MB", target="20 MB", met=idle <= 20)
    for n in (1000, 5000 if bench.quick else 100000):
        bench.figure("{:,} queued".format(n), queued(bench, n), "MB", "idle", idle)
