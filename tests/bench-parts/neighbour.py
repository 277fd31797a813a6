"""How much slower a program of fixed work is beside each kind of hostile program (tests/hostile), with two places: against
the same beside one that only spins in as many threads as there are processors, which is what fair sharing costs. The slowdown
beyond that must be a fifth at most. A bomb that ends is submitted again at once.
"""
import glob, os, subprocess, threading, time

from benchlib import BIN, ROOT, Runner, elf_job, median

TITLE = "a neighbour beside hostile programs, against beside a fair one"
WORK = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static double now(clockid_t c) { struct timespec t; clock_gettime(c, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }
int main(int argc, char **argv)
{
	static unsigned table[1 << 16];
	double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	unsigned x = 1;
	for (long n = 0; n < atol(argv[argc - 1]) * 1000; n++) {
		x = x * 1664525 + 1013904223;
		table[x >> 16] += x;
	}
	printf("%.3f %.3f %u\n", now(CLOCK_MONOTONIC) - wall, now(CLOCK_PROCESS_CPUTIME_ID) - cpu, table[x & 0xffff]);
	return 0;
}
"""
SPIN = r"""
#include <pthread.h>
#include <unistd.h>
static void *spin(void *a) { for (volatile long n = 0;; n++); return a; }
int main(void) { pthread_t t; for (long i = sysconf(_SC_NPROCESSORS_ONLN); i > 1; i--) pthread_create(&t, 0, spin, 0); spin(0); }
"""
# a program of tests/hostile, and limits that let it do its worst
BOMBS = {
    "spin-threads": {}, "spin-children": {}, "spin-kernel": {}, "fork-storm": {"processes": 500}, "fork-wide": {"processes": 50}, "runaway": {},
    "threads": {"processes": 500}, "timers": {}, "queued-signals": {}, "heap": {}, "fork-and-fill": {}, "memfd-written": {},
    "page-tables": {}, "small-mappings": {}, "pipes": {"open_files": 4096}, "unix-streams": {"open_files": 4096}, "sysv-messages": {}, "big-file-deaf": {"disk": "256M", "file_size": "256M"},
    "many-small": {"disk": "16M"}, "empty-files": {}, "deep-folders": {}, "sparse-mapping": {}, "flood-stdout": {"output": "64M"},
    "output-spin": {"output": "64M"}, "drops": {}, "odd-pipes": {}, "forge-frames": {},
}


class Beside:
    """keeps a job running; each time that it ends, the next one is submitted"""

    def __init__(self, runner, job):
        self.runner, self.job, self.stop, self.process, self.times = runner, job, False, None, 0
        self.thread = threading.Thread(target=self.feed, daemon=True)

    def feed(self):
        while not self.stop:
            self.times += 1
            with open(os.devnull, "w") as nothing:
                self.process = subprocess.Popen([BIN + "/cee-submit", "-w", "-q", "--owner", "uid-4002", "-j", "-"], env=self.runner.env,
                                                stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, text=True)
            try:
                self.process.communicate(self.job)
            except BrokenPipeError:
                pass

    def __enter__(self):
        self.thread.start()
        time.sleep(0.4)	# it is at its worst
        return self

    def __exit__(self, *a):
        self.stop = True
        self.process.terminate()	# cancels what it waits for
        self.thread.join()


def build(bench, name, source, *more):
    path = os.path.join(bench.work, name)
    files = more
    if source:
        with open(path + ".c", "w") as f:
            f.write(source)
        files = (path + ".c", *more)
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-s", "-static", "-pthread", "-o", path, *files], check=True)
    return path


def once(runner, job):
    r = subprocess.run([BIN + "/cee-submit", "-w", "--owner", "uid-4001", "-j", "-"], input=job, env=runner.env, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if r.returncode:
        raise SystemExit("bench: the neighbour: status %d, %s" % (r.returncode, r.stderr))
    return float(r.stdout.split()[0])


def measure(bench):
    work, spin = build(bench, "work", WORK), build(bench, "spin", SPIN)
    hostile = build(bench, "hostile", "", *glob.glob(os.path.join(ROOT, "tests/hostile/*.c")))
    only = os.environ.get("BENCH_ONLY", "").split(",") if os.environ.get("BENCH_ONLY") else list(BOMBS)
    limits = {"cpu": 60, "wall": 120, "memory": "128M"}
    with Runner(bench, "jobs = 2\nshare = owner\nwarm = 0") as r:
        begin = time.perf_counter()
        subprocess.run([work, "20000"], stdout=subprocess.DEVNULL, check=True)
        units = str(int(20000 * (0.1 if bench.quick else 0.3) / (time.perf_counter() - begin)))
        neighbour = elf_job(work, [units], limits=limits)
        fair = elf_job(spin, [], limits=limits)
        once(r, neighbour)
        rows = {name: [] for name in ["alone", "beside a fair one", *only]}
        for _ in range(bench.n(7, 2)):
            rows["alone"].append(once(r, neighbour))
            for name in only:
                bomb = elf_job(hostile, [name, "endless"], limits=dict(limits, **BOMBS[name]))
                with Beside(r, fair):
                    base = median([once(r, neighbour) for _ in range(2)])
                with Beside(r, bomb):
                    mine = median([once(r, neighbour) for _ in range(2)])
                rows["beside a fair one"].append(base)
                rows[name].append((mine, base))
    bench.figure("beside a fair one", median(rows["beside a fair one"]), "ms", "alone", median(rows["alone"]))
    for name in only:
        over = median([m / b for m, b in rows[name]])
        bench.figure("beside " + name, median([m for m, _ in rows[name]]), "ms", "beside a fair one", median([b for _, b in rows[name]]), over,
                     "a fifth beyond fair sharing at most", over <= 1.2)
