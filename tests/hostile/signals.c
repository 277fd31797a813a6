/* signals.c - against the supervisor, cee-init and whoever else can be named
 *
 * Goal: to reach process 1 of the cell, to see or to stop a process that is not its own.
 */
#include "hostile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Everything at everybody: the job may end by it, and nobody else. */
static void all_signals(void)
{
	for (int pid = -1; pid < 300; pid++)
		for (int s = 1; s < 65; s++)
			if (pid != getpid() && pid != 0 && !(pid == -1 && (s == SIGKILL || s == SIGSTOP)))
				kill(pid, s);
	kill(-1, SIGKILL); /* all but itself */
	_exit(7);
}

static void queued_signals(void)
{
	union sigval v = { .sival_int = 1 };

	for (int n = 0; n < 100000; n++)
		if (sigqueue(1, SIGRTMIN + n % 8, v) && errno == EAGAIN)
			break;
	_exit(7);
}

static void group_kill(void)
{
	kill(0, SIGTERM);
	pause_ms(100);
	kill(0, SIGKILL);
	pause_ms(60000);
}

static void stop_above(void)
{
	kill(getppid(), SIGSTOP);
	kill(1, SIGSTOP);
	kill(1, SIGKILL);
	_exit(7);
}

static void trace_above(void)
{
	bool reached = false;

	for (int pid = 1; pid < 4; pid++)
		if (pid != getpid())
			reached |= !ptrace(PTRACE_SEIZE, pid, NULL, NULL) || !ptrace(PTRACE_ATTACH, pid, NULL, NULL);
	refused_if(!reached, "ptrace");
	got("traces process 1");
}

static void read_above(void)
{
	char mine[64];
	struct iovec a = { mine, sizeof mine }, b = { (void *)environ, sizeof mine };
	static const char *const files[] = { "mem",	"environ",	   "maps",  "auxv", "fd/0",
					     "fd/1",	"root/etc/passwd", "cwd/x", "exe",  "stack",
					     "syscall", "pagemap",	   "io" };
	char path[64];

	if (process_vm_readv(1, &a, 1, &b, 1, 0) >= 0)
		got("the memory of process 1");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char c;

		snprintf(path, sizeof path, "/proc/1/%s", files[i]);
		int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0 && (!strcmp(files[i], "mem") || read(fd, &c, 1) > 0))
			got("%s", path);
	}
	refused("/proc/1");
}

/* Handles of the program that runs as process 1, through which it could be written: CVE-2019-5736. */
static void overwrite_exe(void)
{
	static const char *const names[] = { "/proc/1/exe", "/proc/self/exe", "/.cee/init" };

	for (size_t i = 0; i < 3; i++) {
		int fd = open(names[i], O_PATH | O_CLOEXEC);
		char path[64];

		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (fd >= 0 && strcmp(names[i], "/proc/self/exe") && can_open(path, O_WRONLY))
			got("%s can be written", names[i]);
	}
	refused_if(!can_open("/usr/bin/env", O_WRONLY), "/proc/1/exe");
	got("the programs of the image");
}

static void limits_above(void)
{
	struct rlimit r;
	bool reached = false;

	for (int res = 0; res < 16; res++)
		reached |= !syscall(SYS_prlimit64, 1, res, NULL, &r);
	refused_if(!reached, "prlimit");
	got("the limits of process 1");
}

static void renice_above(void)
{
	struct sched_param p = { 0 };
	bool reached = !setpriority(PRIO_PROCESS, 1, 19);

	reached |= !sched_setscheduler(1, SCHED_IDLE, &p);
	reached |= !syscall(SYS_ioprio_set, 1, 1, 3 << 13);
	refused_if(!reached, "setpriority");
	got("process 1 comes last now");
}

static void pidfd_above(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	refused_if(fd < 0 || syscall(438 /* pidfd_getfd */, fd, 0, 0) < 0, "pidfd_getfd");
	got("a descriptor of process 1");
}

static void compares(void)
{
	refused_if(syscall(SYS_kcmp, getpid(), 1, KCMP_FILE, 0, 0) < 0, "kcmp");
	got("kernel addresses of process 1");
}

/* Processes of others, by their numbers. */
static void sees_others(void)
{
	DIR *d = opendir("/proc");
	int n = 0;

	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] >= '0' && e->d_name[0] <= '9' && atoi(e->d_name) != getpid() && atoi(e->d_name) != 1;
	errno = ENOENT;
	refused_if(!n, "other processes");
	got("%d processes that are not its own", n);
}

static void core_pattern(void)
{
	refused_if(!can_open("/proc/sys/kernel/core_pattern", O_WRONLY), "core_pattern");
	got("core_pattern");
}

/* A core of its own, as a file to be collected or as a helper of the host's that is started. */
static void dumps_core(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &r);
	abort();
}

const struct hostile signal_rows[] = {
	{ "all-signals", "every signal to everybody", 0, "exited 7|signalled 9",
	  "none bare it would end the host's processes", all_signals, 0 },
	{ "queued-signals", "fills the queue of signals of process 1", 0, "exited 7",
	  "none there is no queue to fill outside", queued_signals, 0 },
	{ "group-kill", "kills its process group", 0, "signalled 15", "none bare it would end the tests", group_kill,
	  0 },
	{ "stop-above", "stops and kills its parent and process 1", 0, "exited 7", "none bare it would end the tests",
	  stop_above, 0 },
	{ "trace-above", "traces process 1", 0, 0, "container", trace_above, 0 },
	{ "read-above", "memory, environment and descriptors of process 1", 0, 0, "container", read_above, 0 },
	{ "overwrite-exe", "writes the program of process 1", 0, 0, "container", overwrite_exe, 0 },
	{ "limits-above", "reads and sets the limits of process 1", 0, 0, "container", limits_above, 0 },
	{ "renice-above", "has process 1 come last", 0, 0, "container", renice_above, 0 },
	{ "pidfd-above", "takes a descriptor of process 1", 0, 0, "container", pidfd_above, 0 },
	{ "compares", "compares descriptors with process 1", 0, 0, "container", compares, 0 },
	{ "sees-others", "processes that are not its own", 0, 0, "host", sees_others, "cancel" },
	{ "core-pattern", "the host's core_pattern", 0, 0, "container", core_pattern, 0 },
	{ "dumps-core", "a core dump", 0, "signalled 6", "same", dumps_core, 0 },
	{ 0 }
};
