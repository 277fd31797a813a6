/* exec.h - a child process that becomes the job's program
 *
 *     exec_fork()    forks; the child takes its limits, its signals and its filter, and execs
 *     exec_wait()    until the program runs, or why it could not be started
 */
#ifndef CEE_INIT_EXEC_H
#define CEE_INIT_EXEC_H

#include "init/plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct start { /* how to start a phase */
	uint32_t phase;
	uint32_t nproc; /* RLIMIT_NPROC; 0 leaves it as it is */
	uint32_t cpu;	/* 1 + the processor it is kept on, 0 any */
	uint32_t test;	/* 1: for the self-test; sets no limits, and exits with 0 in place of the exec */
};

struct exec_place {    /* where */
	int folder;    /* its working directory */
	bool cell;     /* it cannot reach processes outside its cell */
	uint64_t disk; /* bytes of the tmpfs */
};

struct exec_child {
	pid_t pid;
	int status; /* read end of a pipe that closes on exec */
};

/* fds: stdin, stdout, stderr of the program; they stay the caller's. -1 and text. */
int exec_fork(struct exec_child *c, const struct exec_place *where, const struct plan_phase *p, const struct start *s,
	      const int fds[3], char *text);
/* Waits for the exec. 0: the program runs; -1 and text: it could not be started, and was reaped. */
int exec_wait(struct exec_child *c, const struct plan_phase *p, char *text);

#endif
