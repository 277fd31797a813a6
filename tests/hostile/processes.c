/* processes.c - more processes than there may be, and such as do not end
 *
 * Goals: CROWD processes or threads at once; or one that outlives its job, which the next job and the
 * engine's count of the box's processes would show.
 */
#include "hostile.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CROWD = 100 };

static void fork_wide(void)
{
	for (int i = 0; i < CROWD; i++)
		refused_if(stay(NULL) < 0, "fork");
	got("%d children", CROWD);
}

/* Each child makes the next; a pipe counts how deep it goes. */
static void fork_deep(void)
{
	int deep[2], n = 0;
	char c;

	refused_if(pipe(deep), "pipe");
	if (!fork()) {
		close(deep[0]);
		while (n++ < CROWD) {
			pid_t pid = fork();

			if (pid) {
				(void)!write(deep[1], pid < 0 ? "!" : ".", 1);
				pause();
			}
		}
		(void)!write(deep[1], "+", 1);
		pause();
	}
	while (read(deep[0], &c, 1) == 1 && c == '.')
		;
	errno = EAGAIN;
	refused_if(c != '+', "fork, in a chain");
	got("a chain of %d", CROWD);
}

/* The classical one: every process forks without end; the limit is met, and time ends it. */
static void fork_storm(void)
{
	int n = 0;

	for (;;)
		if (fork() < 0 && ++n > 20000)
			pause();
		else if (!n && getppid() == 1)
			continue;
}

static void vfork_chain(void)
{
	volatile int n = 0;
	volatile bool failed = false;

	/* each child stays inside its parent's vfork until it ends, so that all of them are there at once */
	for (;;) {
		pid_t pid = vfork();

		if (pid < 0) {
			failed = true;
			break;
		}
		if (pid > 0)
			_exit(failed ? REFUSED : 0);
		if (++n >= CROWD)
			break;
	}
	refused_if(failed, "vfork");
	got("a chain of %d by vfork", CROWD);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

static void threads(void)
{
	pthread_attr_t small;
	pthread_t t;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 * KB);
	for (int i = 0; i < CROWD; i++) {
		errno = pthread_create(&t, &small, idle, NULL);
		refused_if(errno, "pthread_create");
	}
	got("%d threads", CROWD);
}

static int nothing(void *arg)
{
	for (;;)
		pause();
	return arg != NULL;
}

/* Tasks that share everything but are nobody's threads. */
static void clone_shared(void)
{
	for (int i = 0; i < CROWD; i++) {
		char *stack = mmap(NULL, 16 * KB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		refused_if(stack == MAP_FAILED, "mmap");
		refused_if(clone(nothing, stack + 16 * KB, CLONE_VM | CLONE_FS | CLONE_FILES, NULL) < 0, "clone");
	}
	got("%d tasks by clone", CROWD);
}

static void zombies(void)
{
	for (int i = 0; i < CROWD; i++) {
		pid_t pid = fork();

		refused_if(pid < 0, "fork, beside dead children");
		if (!pid)
			_exit(0);
	}
	got("%d dead children", CROWD);
}

/* ---- such as do not end ------------------------------------------------------------------ */

static void deaf(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int s = 1; s < 65; s++)
		signal(s, SIG_IGN);
	setsid();
	prctl(PR_SET_NAME, "hostile-left");
}

static void daemons(void)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			setsid();
			(void)!fork();
			deaf();
			for (;;)
				pause();
		}
	}
	pause_ms(50);
	_exit(0);
}

/* Two that look after each other: when one dies the other makes it anew. */
static void respawn(void)
{
	if (!fork()) {
		deaf();
		for (;;) {
			pid_t pid = fork();

			if (!pid) {
				prctl(PR_SET_PDEATHSIG, 0);
				deaf();
				while (getppid() != 1)
					pause_ms(1);
				continue; /* its parent has died: it does what that did */
			}
			if (pid > 0)
				waitpid(pid, NULL, 0);
			else
				pause_ms(1);
		}
	}
	pause_ms(50);
	_exit(0);
}

/* Forks and ends faster than anybody can look: whoever kills by a list of numbers comes too late. */
static void runaway(void)
{
	if (!fork()) {
		deaf();
		for (;;) {
			pid_t pid = fork();

			if (pid > 0)
				_exit(0);
		}
	}
	pause_ms(100);
	_exit(0);
}

static void subreaper(void)
{
	refused_if(prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl");
	for (int i = 0; i < 5; i++)
		if (!fork()) {
			(void)!fork();
			deaf();
			for (;;)
				pause();
		}
	_exit(0);
}

static void deaf_sleep(void)
{
	deaf();
	for (;;)
		pause_ms(1000);
}

/* Stops itself: whoever waits for an end would wait for ever. */
static void stopped(void)
{
	raise(SIGSTOP);
	pause_ms(60000);
	got("went on after SIGSTOP");
}

const struct hostile process_rows[] = {
	{ "fork-wide", "many children at once", "processes=20", "process limit 3", "limits processes=200", fork_wide,
	  0 },
	{ "fork-deep", "a long chain of children", "processes=20", "process limit 3", "limits processes=200", fork_deep,
	  0 },
	{ "fork-storm", "every process forks without end", "processes=40 cpu=500ms wall=3", "time limit; hit processes",
	  "none it ends by time alone", fork_storm, 0 },
	{ "vfork-chain", "a chain of children by vfork", "processes=20", "process limit 3", "limits processes=200",
	  vfork_chain, 0 },
	{ "threads", "many threads", "processes=20", "process limit 3", "limits processes=200", threads, 0 },
	{ "clone-shared", "many tasks of one address space", "processes=20", "process limit 3", "limits processes=200",
	  clone_shared, 0 },
	{ "zombies", "many dead children", "processes=20", "process limit 3", "limits processes=200", zombies, 0 },
	{ "daemons", "deaf children in sessions of their own stay", "wall=5", "exited 0", "left", daemons, 0 },
	{ "respawn", "children that make each other anew", "wall=5", "exited 0", "left", respawn, 0 },
	{ "runaway", "a process that is never the same number", "wall=5", "exited 0", "left", runaway, 0 },
	{ "subreaper", "grandchildren that are not the supervisor's", "wall=5", "exited 0", "left", subreaper, 0 },
	{ "deaf-sleep", "sleeps, with every signal ignored and blocked", "wall=500ms", "time limit; hit wall",
	  "none it ends by time alone", deaf_sleep, 0 },
	{ "stopped", "stops itself and never ends", "wall=500ms", "time limit; hit wall", "none it ends by time alone",
	  stopped, 0 },
	{ 0 }
};
