"""How much slower a program that computes is beside each kind of hostile program (tests/hostile), with two places: against
the same beside one that only spins in as many threads as there are processors, which is what fair sharing costs. The slowdown
beyond that must be a fifth at most. A bomb that ends is submitted again at once. One that ends within SHORT seconds is a flood of jobs,
whatever it does: it is compared with a job that only ends, submitted again in the same way, and that one's own figure is shown.
"""
import glob, os, subprocess, threading, time

from benchlib import BIN, ROOT, Runner, elf_job, median

TITLE = "a neighbour beside hostile programs, against beside a fair one"
SHORT = 0.2	# seconds
WORK = r"""
#include <stdio.h>
static unsigned table[1 << 16];
int main(void)
{
	unsigned x = 1;
	for (;;) {
		for (int n = 0; n < 1000000; n++) {
			x = x * 1664525 + 1013904223;
			table[x >> 16] += x;
		}
		printf("%u\n", table[x & 0xffff]);
		fflush(stdout);
	}
}
"""
SPIN = r"""
#include <pthread.h>
#include <unistd.h>
static void *spin(void *a) { for (volatile long n = 0;; n++); return a; }
int main(void) { pthread_t t; for (long i = sysconf(_SC_NPROCESSORS_ONLN); i > 1; i--) pthread_create(&t, 0, spin, 0); spin(0); }
"""
END = "int main(void) { return 0; }"
# a program of tests/hostile, and limits that let it do its worst
BOMBS = {
    "spin-threads": {}, "spin-children": {}, "spin-kernel": {}, "fork-storm": {"processes": 500}, "fork-wide": {"processes": 50}, "runaway": {},
    "threads": {"processes": 500}, "timers": {}, "queued-signals": {}, "heap": {}, "fork-and-fill": {}, "memfd-written": {},
    "page-tables": {}, "small-mappings": {}, "pipes": {"open_files": 4096}, "unix-streams": {"open_files": 4096}, "sysv-messages": {}, "big-file-deaf": {"disk": "256M", "file_size": "256M"},
    "many-small": {"disk": "16M"}, "empty-files": {}, "deep-folders": {}, "sparse-mapping": {}, "flood-stdout": {"output": "64M"},
    "output-spin": {"output": "64M"}, "drops": {}, "odd-pipes": {}, "forge-frames": {},
}


class Job:
    """keeps a job running from when it is entered: each time that it ends, it is submitted again"""

    def __init__(self, runner, job, owner):
        self.runner, self.job, self.owner, self.stop, self.process, self.ended = runner, job, owner, False, None, 0
        self.thread = threading.Thread(target=self.feed, daemon=True)

    def read(self, pipe):
        while pipe.read(1 << 16):
            pass

    def feed(self):
        while not self.stop:
            self.process = subprocess.Popen([BIN + "/cee-submit", "-w", "-q", "--owner", self.owner, "-j", "-"], env=self.runner.env,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                self.process.stdin.write(self.job.encode())
                self.process.stdin.close()
            except BrokenPipeError:
                pass
            self.read(self.process.stdout)
            self.process.stdout.close()
            self.process.wait()
            self.ended += 1

    def __enter__(self):
        self.thread.start()
        time.sleep(0.5)	# it runs
        return self

    def __exit__(self, *a):
        self.stop = True
        while self.thread.is_alive():
            if self.process:
                self.process.terminate()	# cancels what it waits for
            self.thread.join(0.5)


def build(bench, name, source, *more):
    path = os.path.join(bench.work, name)
    files = more
    if source:
        with open(path + ".c", "w") as f:
            f.write(source)
        files = (path + ".c", *more)
    subprocess.run(["gcc", "-O2", "-D_GNU_SOURCE", "-s", "-static", "-pthread", "-o", path, *files], check=True)
    return path


class Neighbour(Job):
    """a job that works for ever; rate() is how many pieces of its work it has done in a second"""

    def __init__(self, runner, job):
        super().__init__(runner, job, "uid-4001")
        self.pieces = 0

    def read(self, pipe):
        for _ in pipe:
            self.pieces += 1

    def rate(self, seconds):
        begin, before = time.perf_counter(), self.pieces
        time.sleep(seconds)
        return (self.pieces - before) / (time.perf_counter() - begin)


def measure(bench):
    work, spin, end = build(bench, "work", WORK), build(bench, "spin", SPIN), build(bench, "end", END)
    hostile = build(bench, "hostile", "", *glob.glob(os.path.join(ROOT, "tests/hostile/*.c")))
    only = os.environ.get("BENCH_ONLY", "").split(",") if os.environ.get("BENCH_ONLY") else list(BOMBS)
    limits = {"cpu": 3000, "wall": 6000, "memory": "128M"}
    seconds, pairs = (1, 2) if bench.quick else (1.5, 7)
    fair, ends = elf_job(spin, [], limits=limits), elf_job(end, [], limits=limits)
    alone, flood, rows, short = [], [], {name: [] for name in only}, {}
    with Runner(bench, "jobs = 2\nshare = owner\nwarm = 0\nceiling.run.cpu = 3000s\nceiling.run.wall = 6000s") as r, \
            Neighbour(r, elf_job(work, [], limits=limits)) as neighbour:

        def beside(job):
            with Job(r, job, "uid-4002") as other:
                rate, ended = neighbour.rate(seconds), other.ended
            return rate, (0.5 + seconds) / ended if ended else seconds	# 0.5: __enter__

        for _ in range(pairs):	# kinds in turn, so that a busy while of the host is not one kind's
            for name in only:
                bomb = elf_job(hostile, [name, "endless"], limits=dict(limits, **BOMBS[name]))
                slowed, lasts = beside(bomb)
                short.setdefault(name, lasts < SHORT)
                rows[name].append((beside(ends if short[name] else fair)[0], slowed))
            calm = beside(fair)[0]
            alone.append((neighbour.rate(seconds), calm))
            flood.append((beside(ends)[0], calm))
    bench.figure("beside a fair one", median([f for _, f in alone]), "1/s", "alone", median([a for a, _ in alone]),
                 median([a / f for a, f in alone if f]))
    bench.figure("beside jobs that only end", median([e for e, _ in flood]), "1/s", "beside a fair one", median([f for _, f in flood]),
                 median([f / e for e, f in flood if e]))
    for name in only:
        over = median([f / b if b else 99 for f, b in rows[name]])
        bench.figure("beside " + name, median([b for _, b in rows[name]]), "1/s", "jobs that only end" if short[name] else "beside a fair one",
                     median([f for f, _ in rows[name]]), over, "a fifth beyond fair sharing at most", over <= 1.2)
