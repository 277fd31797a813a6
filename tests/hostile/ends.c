/* ends.c - ends that look like others: what is said of them must be what they were */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void exit_with(int code)
{
	_exit(code);
}
static void exit_1(void)
{
	exit_with(1);
}
static void exit_124(void)
{
	exit_with(124);
}
static void exit_125(void)
{
	exit_with(125);
}
static void exit_126(void)
{
	exit_with(126);
}
static void exit_127(void)
{
	exit_with(127);
}
static void exit_137(void)
{
	exit_with(137);
}
static void exit_139(void)
{
	exit_with(139);
}
static void exit_143(void)
{
	exit_with(143);
}
static void exit_255(void)
{
	exit_with(255);
}
static void exit_256(void)
{
	exit_with(256 + 7);
}

static void raise_default(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
	_exit(99);
}
static void sig_kill(void)
{
	raise_default(SIGKILL);
}
static void sig_xcpu(void)
{
	raise_default(SIGXCPU);
}
static void sig_xfsz(void)
{
	raise_default(SIGXFSZ);
}
static void sig_sys(void)
{
	raise_default(SIGSYS);
}
static void sig_term(void)
{
	raise_default(SIGTERM);
}
static void sig_rt(void)
{
	raise_default(SIGRTMIN + 3);
}
static void sig_segv(void)
{
	*(volatile int *)8 = 1;
}

/* A limit is met on the way, and the end is its own all the same. */
static void processes_then_exit(void)
{
	pid_t pid;

	while ((pid = fork()) > 0)
		;
	if (!pid)
		for (;;)
			pause();
	_exit(7);
}

static void processes_then_signal(void)
{
	pid_t pid;

	while ((pid = fork()) > 0)
		;
	if (!pid)
		for (;;)
			pause();
	raise_default(SIGUSR1);
}

static void processes_then_zero(void)
{
	pid_t pid;

	while ((pid = fork()) > 0)
		;
	if (!pid)
		for (;;)
			pause();
	_exit(0);
}

static void file_then_exit(void)
{
	static char block[MB];
	int fd = open("f", O_CREAT | O_WRONLY, 0600);

	signal(SIGXFSZ, SIG_IGN);
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		;
	_exit(7);
}

static void file_then_zero(void)
{
	static char block[MB];
	int fd = open("f", O_CREAT | O_WRONLY, 0600);

	signal(SIGXFSZ, SIG_IGN);
	while (write(fd, block, sizeof block) == (ssize_t)sizeof block)
		;
	_exit(0);
}

static void inodes_then_exit(void)
{
	char name[32];
	int n = 0;

	do
		snprintf(name, sizeof name, "f%d", n++);
	while (!mknod(name, S_IFREG | 0600, 0));
	_exit(135); /* 128 + 7 */
}

/* A child dies for memory, the parent ends well. */
static void child_of_memory(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		for (;;)
			memset(malloc(MB), 1, MB);
	waitpid(pid, &status, 0);
	_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 7 : 8);
}

/* SIGXCPU by itself before its time is over, after some of it. */
static void early_xcpu(void)
{
	for (volatile long n = 0; n < 20000000; n++)
		;
	raise_default(SIGXCPU);
}

static void exec_nothing(void)
{
	char *const argv[] = { "nothing", NULL };

	execv("/work/nothing", argv);
	_exit(127);
}

/* Becomes another program, and one that cannot run. */
static void exec_data(void)
{
	int fd = open("data", O_CREAT | O_WRONLY, 0755);
	char *const argv[] = { "data", NULL };

	(void)!write(fd,
		     "\x7f"
		     "ELF\2\1\1nothing",
		     15);
	close(fd);
	execv("./data", argv);
	_exit(126);
}

static void *ends_all(void *arg)
{
	syscall(SYS_exit_group, 7);
	return arg;
}

#include <pthread.h>
/* The first thread has ended, another ends the program. */
static void last_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, ends_all, NULL);
	pthread_exit(NULL);
}

/* The first process ends while its children still run, and they end as badly as they can. */
static void children_killed(void)
{
	for (int i = 0; i < 5; i++)
		if (!fork()) {
			pause_ms(10);
			raise_default(SIGKILL);
		}
	pause_ms(50);
	_exit(7);
}

#define END(name, want, run)                                                                                           \
	{                                                                                                              \
		name, "an end that looks like another", 0, want, "same", run, 0                                        \
	}
#define OWN "none bare there is no limit to meet"
const struct hostile end_rows[] = { END("exit-1", "exited 1", exit_1),
				    END("exit-124", "exited 124", exit_124),
				    END("exit-125", "exited 125", exit_125),
				    END("exit-126", "exited 126", exit_126),
				    END("exit-127", "exited 127", exit_127),
				    END("exit-137", "exited 137", exit_137),
				    END("exit-139", "exited 139", exit_139),
				    END("exit-143", "exited 143", exit_143),
				    END("exit-255", "exited 255", exit_255),
				    END("exit-263", "exited 7", exit_256),
				    END("signal-kill", "signalled 9", sig_kill),
				    END("signal-xcpu", "signalled 24", sig_xcpu),
				    END("signal-xfsz", "signalled 25", sig_xfsz),
				    END("signal-sys", "signalled 31", sig_sys),
				    END("signal-term", "signalled 15", sig_term),
				    END("signal-rt", "signalled 37", sig_rt),
				    END("signal-segv", "signalled 11", sig_segv),
				    END("early-xcpu", "signalled 24", early_xcpu),
				    END("exec-nothing", "exited 127", exec_nothing),
				    END("exec-data", "exited 126", exec_data),
				    END("last-thread", "exited 7", last_thread),
				    END("children-killed", "exited 7", children_killed),
				    { "processes-exit", "meets the limit of processes and exits with 7", "processes=20",
				      "process limit 7", OWN, processes_then_exit, 0 },
				    { "processes-signal", "meets the limit of processes and ends by a signal",
				      "processes=20", "process limit 10", OWN, processes_then_signal, 0 },
				    { "processes-zero", "meets the limit of processes and exits with 0", "processes=20",
				      "exited 0; hit processes", OWN, processes_then_zero, 0 },
				    { "file-size-exit", "meets file_size and exits with 7", "disk=32M file_size=2M",
				      "disk limit 7; hit file_size", OWN, file_then_exit, 0 },
				    { "file-size-zero", "meets file_size and exits with 0", "disk=32M file_size=2M",
				      "exited 0", OWN, file_then_zero, 0 },
				    { "disk-exit", "meets the disk and exits with 7", "disk=8M",
				      "disk limit 7; hit disk", OWN, file_then_exit, 0 },
				    { "inodes-exit", "meets the inodes and exits with 135", "inodes=100",
				      "disk limit 135; hit inodes", OWN, inodes_then_exit, 0 },
				    { "child-of-memory", "a child dies for memory, the parent exits with 7",
				      "memory=48M", "exited 7|memory limit", OWN, child_of_memory, 0 },
				    { 0 } };
