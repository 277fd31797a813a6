/* self.c - what a process hands on to the program that it becomes
 *
 * Of a job that has ended nothing of this can be left, unless the box makes the next job's
 * process of the last one's. The control execs the probe in the planter's own process.
 */
#include "clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static void plant_umask(void)
{
	umask(0777);
}

static void probe_umask(void)
{
	mode_t m = umask(022);

	if (m == 0777)
		found("umask %o", (unsigned)m);
}

static void plant_env(void)
{
	if (setenv("PLANTED", "1", 1) || setenv("LD_PRELOAD", "/work/planted.so", 1))
		denied("setenv");
}

static void probe_env(void)
{
	if (getenv("PLANTED") || getenv("LD_PRELOAD"))
		found("an environment variable");
}

static void plant_cwd(void)
{
	if (chdir("/usr"))
		denied("chdir");
}

static void probe_cwd(void)
{
	char path[256];

	if (!getcwd(path, sizeof path) || strcmp(path, "/work"))
		found("the working directory is %s", path);
}

static void plant_mask(void)
{
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGINT, SIG_IGN) == SIG_ERR)
		denied("signals");
}

static void probe_mask(void)
{
	struct sigaction sa;
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int s = 1; s < NSIG; s++) {
		if (sigismember(&set, s) == 1)
			found("signal %d is blocked", s);
		if (!sigaction(s, NULL, &sa) && sa.sa_handler == SIG_IGN)
			found("signal %d is ignored", s);
	}
	sigpending(&set);
	for (int s = 1; s < NSIG; s++)
		if (sigismember(&set, s) == 1)
			found("signal %d is pending", s);
}

static void plant_itimer(void)
{
	struct itimerval t = { { 0, 0 }, { 1000, 0 } };

	if (setitimer(ITIMER_REAL, &t, NULL) || setitimer(ITIMER_PROF, &t, NULL))
		denied("setitimer");
}

static void probe_itimer(void)
{
	struct itimerval t;

	for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		if (!getitimer((enum __itimer_which)which, &t) && t.it_value.tv_sec)
			found("a timer");
}

static void plant_personality(void)
{
	if (personality(ADDR_NO_RANDOMIZE) < 0)
		denied("personality");
}

static void probe_personality(void)
{
	if (personality(0xffffffff) != 0)
		found("personality %x", (unsigned)personality(0xffffffff));
}

static void plant_rlimit(void)
{
	struct rlimit l = { 9, 9 }, t = { 1000, 1000 };

	if (setrlimit(RLIMIT_NOFILE, &l) || setrlimit(RLIMIT_CPU, &t))
		denied("setrlimit");
}

static void probe_rlimit(void)
{
	struct rlimit l;

	if (!getrlimit(RLIMIT_NOFILE, &l) && l.rlim_max < 16)
		found("%d open files", (int)l.rlim_max);
	if (!getrlimit(RLIMIT_CPU, &l) && l.rlim_max == 1000)
		found("cpu time");
}

static void plant_own_nice(void)
{
	struct sched_param p = { 0 };

	if (setpriority(PRIO_PROCESS, 0, 7) || sched_setscheduler(0, SCHED_BATCH, &p) ||
	    prctl(PR_SET_TIMERSLACK, 123456, 0, 0, 0) || syscall(SYS_ioprio_set, 1, 0, 3 << 13))
		denied("priority");
}

static void probe_own_nice(void)
{
	if (getpriority(PRIO_PROCESS, 0))
		found("nice %d", getpriority(PRIO_PROCESS, 0));
	if (sched_getscheduler(0) != SCHED_OTHER)
		found("scheduling class %d", sched_getscheduler(0));
	if (prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == 123456)
		found("timer slack");
	if (syscall(SYS_ioprio_get, 1, 0) >> 13 == 3)
		found("the class for the disk is idle");
}

static void plant_own_affinity(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof one, &one))
		denied("sched_setaffinity");
}

static void probe_own_affinity(void)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof set, &set) && sysconf(_SC_NPROCESSORS_ONLN) > 1 && CPU_COUNT(&set) == 1)
		found("kept on one processor");
}

static void plant_descriptors(void)
{
	if (dup2(open("/etc/passwd", O_RDONLY), 77) != 77)
		denied("dup2");
}

static void probe_descriptors(void)
{
	for (int fd = 3; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			found("descriptor %d is open", fd);
}

static void plant_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		denied("seccomp");
}

static void probe_filter(void)
{
	if (syscall(SYS_getpgrp) < 0 && errno == 77)
		found("a filter of system calls");
}

static void plant_dump_filter(void)
{
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0x7f", 4) != 4)
		denied("coredump_filter");
}

static void probe_dump_filter(void)
{
	char text[32];

	if (slurp("/proc/self/coredump_filter", text, sizeof text) && strtol(text, NULL, 16) == 0x7f)
		found("coredump_filter");
}

static void plant_time(void)
{
	static const char offsets[] = "monotonic 864000 0\nboottime 864000 0\n";
	int fd;

	if (unshare(CLONE_NEWTIME))
		denied("unshare");
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, offsets, sizeof offsets - 1) < 0)
		denied("timens_offsets");
}

static void probe_time(void)
{
	char text[256];

	if (!slurp("/proc/self/timens_offsets", text, sizeof text))
		broken("timens_offsets");
	if (strstr(text, "864000"))
		found("time is shifted");
}

const struct plant self_plants[] = { { "umask", IN_SELF, plant_umask, probe_umask },
				     { "environment", IN_SELF, plant_env, probe_env },
				     { "directory", IN_SELF, plant_cwd, probe_cwd },
				     { "signal-mask", IN_SELF, plant_mask, probe_mask },
				     { "itimer", IN_SELF, plant_itimer, probe_itimer },
				     { "personality", IN_SELF, plant_personality, probe_personality },
				     { "own-rlimits", IN_SELF, plant_rlimit, probe_rlimit },
				     { "own-priority", IN_SELF, plant_own_nice, probe_own_nice },
				     { "own-affinity", IN_SELF, plant_own_affinity, probe_own_affinity },
				     { "descriptors", IN_SELF, plant_descriptors, probe_descriptors },
				     { "own-filter", IN_SELF, plant_filter, probe_filter },
				     { "coredump-filter", IN_SELF, plant_dump_filter, probe_dump_filter },
				     { "time", IN_SELF | BY_ROOT, plant_time, probe_time },
				     { 0 } };
