/* processes.c - what goes on running after the job */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME "planted"

void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

bool slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

static void ignore_all(void)
{
	sigset_t all;

	for (int s = 1; s < NSIG; s++)
		if (s != SIGALRM && s != SIGUSR2)
			signal(s, SIG_IGN);
	sigfillset(&all);
	sigdelset(&all, SIGALRM);
	sigdelset(&all, SIGUSR2);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void stay(void)
{
	prctl(PR_SET_NAME, NAME, 0, 0, 0);
	for (;;)
		pause();
}

void leave_daemon(void (*work)(void))
{
	int ready[2], status;
	char c;
	pid_t pid;

	if (pipe(ready) || (pid = fork()) < 0)
		denied("fork");
	if (!pid) {
		setsid();
		if (fork())
			_exit(0);
		ignore_all();
		close(ready[0]);
		if (work)
			work();
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		close(ready[1]);
		stay();
	}
	close(ready[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (read(ready[0], &c, 1) != 1)
		_exit(3); /* it has said why */
	close(ready[0]);
}

bool has_daemon(void)
{
	char path[64], name[64];
	DIR *d = opendir("/proc");
	struct dirent *e;
	bool there = false;

	if (!d)
		broken("/proc");
	while (!there && (e = readdir(d))) {
		snprintf(path, sizeof path, "/proc/%.20s/comm", e->d_name);
		there = e->d_name[0] >= '1' && e->d_name[0] <= '9' && slurp(path, name, sizeof name) &&
			!strncmp(name, NAME, strlen(NAME));
	}
	closedir(d);
	return there;
}

static void probe_daemon(void)
{
	if (has_daemon())
		found("a process");
}

static void plant_daemon(void)
{
	leave_daemon(NULL);
}

/* 50 of them, some stopped, some in groups of their own. */
static void plant_stubborn(void)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		if (pid < 0)
			denied("fork");
		if (pid)
			continue;
		ignore_all();
		prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
		prctl(PR_SET_NAME, NAME, 0, 0, 0);
		if (i % 3 == 0)
			setsid();
		else if (i % 3 == 1)
			setpgid(0, 0);
		if (i % 2)
			raise(SIGSTOP);
		stay();
	}
	pause_ms(100);
}

static void plant_bomb(void)
{
	for (int i = 0; i < 5000; i++) {
		pid_t pid = fork();
		if (pid < 0)
			return;
		if (!pid) {
			ignore_all();
			stay();
		}
	}
	errno = 0;
	denied("forks without end");
}

static void probe_bomb(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		if (pid < 0)
			found("no process can be made: %s", strerror(errno));
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	probe_daemon();
}

/* ---- timers: a process's own, so what is left of them is what they do ---------- */

static void shoot(int sig)
{
	(void)sig;
	kill(-1, SIGUSR1);
}

static void with_timers(void)
{
	struct itimerval real = { { 0, 20000 }, { 0, 20000 } };
	struct itimerspec spec = { { 0, 20000000 }, { 0, 20000000 } };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	timer_t t;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	signal(SIGALRM, shoot);
	signal(SIGUSR2, shoot);
	if (setitimer(ITIMER_REAL, &real, NULL) || timer_create(CLOCK_MONOTONIC, &ev, &t) ||
	    timer_settime(t, 0, &spec, NULL) || fd < 0 || timerfd_settime(fd, 0, &spec, NULL))
		denied("timers");
}

static void plant_timers(void)
{
	signal(SIGUSR1, SIG_IGN);
	leave_daemon(with_timers);
}

static volatile sig_atomic_t shots;

static void shot(int sig)
{
	(void)sig;
	shots++;
}

static void probe_timers(void)
{
	signal(SIGUSR1, shot);
	for (int i = 0; i < 30 && !shots; i++)
		pause_ms(10);
	if (shots)
		found("a signal from a timer");
}

/* ---- words: into a descriptor that it has kept ----------------------------------- */

static void say(int sig)
{
	(void)sig;
	if (write(1, "late words\n", 11) < 0)
		_exit(1);
}

static void with_words(void)
{
	struct itimerval real = { { 0, 20000 }, { 0, 20000 } };

	signal(SIGALRM, say);
	if (setitimer(ITIMER_REAL, &real, NULL))
		denied("setitimer");
}

static void plant_words(void)
{
	leave_daemon(with_words);
}

static void probe_words(void)
{
	pause_ms(300); /* the driver looks at the output */
}

const struct plant process_plants[] = {
	{ "daemon", IN_BOX, plant_daemon, probe_daemon }, { "stubborn", IN_BOX, plant_stubborn, probe_daemon },
	{ "bomb", IN_BOX, plant_bomb, probe_bomb },	  { "timers", IN_BOX, plant_timers, probe_timers },
	{ "words", IN_BOX, plant_words, probe_words },	  { 0 }
};
