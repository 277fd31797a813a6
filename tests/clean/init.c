/* init.c - process 1 of the box: its limits, its priority, signals, its descriptors
 *
 * It has the planters' user, so what the kernel allows between processes of a user must
 * not reach it. What it suffers it hands on to the next job that it starts: that is how
 * a probe sees it.
 */
#include "clean.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { IO_CLASS_SHIFT = 13, IO_IDLE = 3, IO_WHO_PROCESS = 1, IO_WHO_USER = 3 };

/* Process 1, the one that started us, and all of the user's: at least one must do. */
static void each(int (*spoil)(pid_t pid), const char *what)
{
	bool done = !spoil(1);
	int saved = errno;

	if (getppid() > 1)
		done |= !spoil(getppid());
	errno = saved;
	if (!done)
		denied(what);
}

static int spoil_nice(pid_t pid)
{
	int all = setpriority(PRIO_USER, 0, 15);

	return setpriority(PRIO_PROCESS, (id_t)pid, 15) && all;
}

static void plant_nice(void)
{
	each(spoil_nice, "setpriority");
}

static void probe_nice(void)
{
	if (getpriority(PRIO_PROCESS, 0))
		found("nice %d", getpriority(PRIO_PROCESS, 0));
}

static int spoil_sched(pid_t pid)
{
	struct sched_param p = { 0 };

	return sched_setscheduler(pid, SCHED_IDLE, &p);
}

static void plant_sched(void)
{
	each(spoil_sched, "sched_setscheduler");
}

static void probe_sched(void)
{
	if (sched_getscheduler(0) != SCHED_OTHER)
		found("scheduling class %d", sched_getscheduler(0));
}

static int spoil_io(pid_t pid)
{
	long all = syscall(SYS_ioprio_set, IO_WHO_USER, getuid(), IO_IDLE << IO_CLASS_SHIFT);

	return syscall(SYS_ioprio_set, IO_WHO_PROCESS, pid, IO_IDLE << IO_CLASS_SHIFT) && all;
}

static void plant_io(void)
{
	each(spoil_io, "ioprio_set");
}

static void probe_io(void)
{
	long p = syscall(SYS_ioprio_get, IO_WHO_PROCESS, 0);

	if (p >> IO_CLASS_SHIFT == IO_IDLE)
		found("the class for the disk is idle");
}

static int spoil_limits(pid_t pid)
{
	struct rlimit files = { 9, 9 }, core = { 0, 0 };

	return prlimit(pid, RLIMIT_NOFILE, &files, NULL) || prlimit(pid, RLIMIT_CORE, &core, NULL);
}

static void plant_limits(void)
{
	each(spoil_limits, "prlimit");
}

static void probe_limits(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l))
		broken("getrlimit");
	if (l.rlim_max < 16)
		found("%d open files", (int)l.rlim_max);
}

static int spoil_affinity(pid_t pid)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	return sched_setaffinity(pid, sizeof one, &one);
}

static void plant_affinity(void)
{
	each(spoil_affinity, "sched_setaffinity");
}

static void probe_affinity(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set))
		broken("sched_getaffinity");
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1 && CPU_COUNT(&set) == 1)
		found("kept on one processor");
}

static void plant_oom(void)
{
	int fd = open("/proc/1/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "777", 3) != 3)
		denied("/proc/1/oom_score_adj");
}

static void probe_oom(void)
{
	char text[32];

	if (!slurp("/proc/self/oom_score_adj", text, sizeof text))
		broken("oom_score_adj");
	if (atoi(text) == 777)
		found("oom_score_adj %d", atoi(text));
}

/* ---- signals: the box must still be there for the probe to run at all ------------- */

static void deaf(void)
{
	for (int s = 1; s < NSIG; s++)
		if (s != SIGCHLD)
			signal(s, SIG_IGN);
}

static void plant_signals(void)
{
	deaf();
	for (int s = 1; s < NSIG; s++) {
		if (s == SIGSTOP || s == SIGKILL)
			continue;
		kill(1, s);
		if (getppid() > 1)
			kill(getppid(), s);
	}
	kill(1, SIGKILL);
	kill(1, SIGSTOP);
}

static void plant_group(void)
{
	deaf();
	kill(0, SIGTERM);
	kill(-1, SIGTERM);
	kill(-1, SIGCHLD);
	killpg(getpgid(1) > 0 ? getpgid(1) : 1, SIGTERM);
}

static void plant_pidfd(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	if (fd < 0)
		denied("pidfd_open");
	if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0))
		denied("pidfd_send_signal");
	syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void plant_forged(void)
{
	siginfo_t si = { .si_signo = SIGCHLD, .si_code = SI_QUEUE };

	deaf();
	syscall(SYS_rt_sigqueueinfo, 1, SIGCHLD, &si);
	si.si_signo = SIGTERM;
	if (syscall(SYS_rt_sigqueueinfo, 1, SIGTERM, &si))
		denied("rt_sigqueueinfo");
}

static void probe_alive(void)
{
}

/* ---- its descriptors and its names ---------------------------------------------------- */

static void plant_fd(void)
{
	char path[32];
	int n = 0;

	for (int i = 0; i < 64; i++) {
		snprintf(path, sizeof path, "/proc/1/fd/%d", i);
		int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 && write(fd, "late words\n", 11) == 11)
			n++;
		if (fd >= 0)
			close(fd);
	}
	if (!n)
		denied("/proc/1/fd");
}

static void plant_hostname(void)
{
	if (sethostname("planted", 7) | setdomainname("planted", 7))
		denied("sethostname");
}

static void probe_hostname(void)
{
	struct utsname u;

	if (uname(&u))
		broken("uname");
	if (!strcmp(u.nodename, "planted") || !strcmp(u.domainname, "planted"))
		found("the name %s, %s", u.nodename, u.domainname);
}

const struct plant init_plants[] = { { "nice", IN_BOX, plant_nice, probe_nice },
				     { "sched", IN_BOX, plant_sched, probe_sched },
				     { "ioprio", IN_BOX, plant_io, probe_io },
				     { "rlimits", IN_BOX, plant_limits, probe_limits },
				     { "affinity", IN_BOX, plant_affinity, probe_affinity },
				     { "oom", IN_BOX, plant_oom, probe_oom },
				     { "signals", IN_BOX, plant_signals, probe_alive },
				     { "signal-group", IN_BOX, plant_group, probe_alive },
				     { "signal-pidfd", IN_BOX, plant_pidfd, probe_alive },
				     { "signal-forged", IN_BOX, plant_forged, probe_alive },
				     { "init-fds", IN_BOX, plant_fd, probe_alive },
				     { "hostname", IN_BOX | BY_ROOT, plant_hostname, probe_hostname },
				     { 0 } };
