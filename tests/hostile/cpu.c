/* cpu.c - more than its share of the processors, and time itself */
#include "hostile.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONG_MS = 1500 };

static long cpu_ms(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return u.ru_utime.tv_sec * 1000 + u.ru_utime.tv_usec / 1000 + u.ru_stime.tv_sec * 1000 +
	       u.ru_stime.tv_usec / 1000;
}

static void spin(void)
{
	while (cpu_ms(RUSAGE_SELF) < LONG_MS)
		;
	got("%d ms of cpu", LONG_MS);
}

static void *burn(void *arg)
{
	for (volatile long n = 0;; n++)
		;
	return arg;
}

static void spin_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 15; i++)
		refused_if(pthread_create(&t, NULL, burn, NULL), "pthread_create");
	while (cpu_ms(RUSAGE_SELF) < LONG_MS)
		;
	got("%d ms of cpu in 16 threads", LONG_MS);
}

/* Many short lives, of which each alone is below what a sample sees. */
static void spin_children(void)
{
	for (int n = 0; n < 2 * LONG_MS / 10; n++) {
		pid_t pid = fork();

		if (pid > 0 && n % 4 == 3)
			while (wait(NULL) > 0)
				;

		refused_if(pid < 0, "fork");
		if (!pid) {
			while (cpu_ms(RUSAGE_SELF) < 10)
				;
			_exit(0);
		}
	}
	got("%d ms of cpu in short lives", 2 * LONG_MS);
}

/* In the kernel and not in the program: time that a program does not count as its own. */
static void spin_kernel(void)
{
	char b;

	while (cpu_ms(RUSAGE_SELF) < LONG_MS)
		for (int i = 0; i < 1000; i++)
			(void)!syscall(SYS_getrandom, &b, 1, 0);
	got("%d ms in the kernel", LONG_MS);
}

static void raise_nice(void)
{
	errno = 0;
	refused_if(setpriority(PRIO_PROCESS, 0, -5), "setpriority");
	got("a nice value of -5");
}

static void real_time(void)
{
	struct sched_param p = { .sched_priority = 1 };
	bool fifo = !sched_setscheduler(0, SCHED_FIFO, &p), round = !sched_setscheduler(0, SCHED_RR, &p);

	refused_if(!fifo && !round, "sched_setscheduler");
	got("a real-time class");
}

static void deadline(void)
{
	struct {
		unsigned size, policy;
		unsigned long long flags;
		int nice;
		unsigned priority;
		unsigned long long runtime, deadline, period;
	} a = { 48, 6, 0, 0, 0, 5000000, 10000000, 10000000 };

	refused_if(syscall(SYS_sched_setattr, 0, &a, 0), "sched_setattr");
	got("the deadline class");
}

static void raise_limits(void)
{
	struct rlimit r;

	for (int i = 0; i < RLIMIT_NLIMITS; i++) {
		if (getrlimit((__rlimit_resource_t)i, &r) || r.rlim_max == RLIM_INFINITY)
			continue;
		r.rlim_max = RLIM_INFINITY;
		if (!setrlimit((__rlimit_resource_t)i, &r))
			got("limit %d raised", i);
	}
	errno = EPERM;
	refused("setrlimit");
}

/* Sets what is the time now, so that the control changes nothing. */
static void set_clock(void)
{
	struct timespec t;
	struct timeval v;
	struct timex x = { .modes = 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	v = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	refused_if(clock_settime(CLOCK_REALTIME, &t) && settimeofday(&v, NULL) && adjtimex(&x) < 0, "clock_settime");
	got("the clock");
}

static void timers(void)
{
	struct itimerspec t = { { 0, 1000 }, { 0, 1000 } };
	timer_t id;
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	int n = 0;

	signal(SIGRTMIN, SIG_IGN);
	while (n < 20000 && !timer_create(CLOCK_MONOTONIC, &e, &id)) {
		timer_settime(id, 0, &t, NULL);
		n++;
	}
	refused_if(n < 20000, "timer_create");
	_exit(0);
}

/* Ignores what the limit of cpu time sends, and goes on. */
static void deaf_to_xcpu(void)
{
	signal(SIGXCPU, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	spin();
}

static void sleeps(void)
{
	pause_ms(3000);
	got("slept for 3 s");
}

/* A read that never ends, of a pipe that nobody writes to. */
static void waits(void)
{
	int p[2];
	char c;

	refused_if(pipe(p), "pipe");
	alarm(3);
	signal(SIGALRM, SIG_IGN);
	(void)!read(p[0], &c, 1);
	got("a read without an end");
}

#define TIMED "limits cpu=10 wall=100"
const struct hostile cpu_rows[] = { { "spin", "a loop", "cpu=400ms wall=60", "time limit; hit cpu", TIMED, spin, 0 },
				    { "spin-threads", "a loop in 16 threads", "cpu=400ms wall=60",
				      "time limit; hit cpu", TIMED, spin_threads, 0 },
				    { "spin-children", "loops in many short lives", "cpu=400ms wall=60",
				      "time limit; hit cpu", TIMED, spin_children, 0 },
				    { "spin-kernel", "system calls without end", "cpu=400ms wall=60",
				      "time limit; hit cpu", TIMED, spin_kernel, 0 },
				    { "deaf-to-xcpu", "ignores SIGXCPU and SIGTERM", "cpu=400ms wall=60",
				      "time limit; hit cpu", TIMED, deaf_to_xcpu, 0 },
				    { "sleeps", "sleeps", "wall=400ms", "time limit; hit wall", TIMED, sleeps, 0 },
				    { "waits", "waits for what never comes", "wall=400ms", "time limit; hit wall",
				      "none it ends by time alone", waits, 0 },
				    { "raise-nice", "a better nice value", 0, 0, "container", raise_nice, 0 },
				    { "real-time", "a real-time class", 0, 0, "container", real_time, 0 },
				    { "deadline", "the deadline class", 0, 0, "container", deadline, 0 },
				    { "raise-limits", "raises its own limits", 0, 0, "container", raise_limits, 0 },
				    { "set-clock", "sets the clock", 0, 0, "container", set_clock, 0 },
				    { "timers", "20,000 timers of a microsecond", "cpu=1 wall=5",
				      "exited 3|exited 0|time limit|memory limit", "none its cost counts", timers, 0 },
				    { 0 } };
