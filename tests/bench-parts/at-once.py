"""1, 2, 8 and 32 jobs at once, each with its own client that waits for it: how long each takes, and how
many end per second. cee runs as many at a time as there are processors, the others run all of them.
"""
import threading, time

from benchlib import CORES, Runner, Skip, docker_run, elf_job, first_byte, median, python

TITLE = "1, 2, 8, 32 at once: ms of each, and how many a second"


def crowd(way, clients, each):
    """(median ms from the command to the end, ended a second)"""
    took, failed = [], []

    def client():
        try:
            for _ in range(each):
                took.append(way()[1])
        except BaseException as e:	# SystemExit of a thread would be lost
            failed.append(e)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    begin = time.perf_counter()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failed:
        raise failed[0]
    return median(took), len(took) / (time.perf_counter() - begin)


def measure(bench):
    program = bench.program("hello.py", "print('hello')\n")
    elf = bench.program("hello.json", elf_job(bench.hello()))
    with Runner(bench, "share = owner\nwarm = 0") as r:
        ways = {
            "static C": (lambda: r.run("-j", elf), lambda: first_byte([bench.hello()]),
                         lambda: first_byte(docker_run("cee/python:latest", ["/hello"])[:-2] +
                                            ["-v", bench.hello() + ":/hello:ro", "cee/python:latest", "/hello"])),
            "Python": (lambda: r.run(program), lambda: first_byte([python(), program]),
                       lambda: first_byte(docker_run("cee/python:latest", ["python3", "-c", "print('hello')"]))),
        }
        for title, (ours, bare, docker) in ways.items():
            for clients in (1, 2, 8, 32):
                crowd(ours, min(clients, CORES), 2)
                rounds = [(crowd(ours, clients, bench.n(6, 2)), crowd(bare, clients, bench.n(6, 2)))
                          for _ in range(bench.n(3, 1))]
                best = lambda who, i: median([x[who][i] for x in rounds])
                bench.figure("%s, %d at once: end" % (title, clients), best(0, 0), "ms", "bare process", best(1, 0),
                             median([a[0] / b[0] for a, b in rounds]))
                bench.figure("%s, %d at once: rate" % (title, clients), best(0, 1), "1/s", "bare process", best(1, 1),
                             median([a[1] / b[1] for a, b in rounds]))
            if bench.quick and title == "Python":
                continue
            for clients in (1, 8):
                try:
                    theirs = crowd(docker, clients, 1 if bench.quick else 3)
                    mine = crowd(ours, clients, 3)
                    bench.figure("%s, %d at once: docker run" % (title, clients), theirs[0], "ms", "cee", mine[0])
                except Skip as e:
                    bench.skip("%s, docker run" % title, str(e))
