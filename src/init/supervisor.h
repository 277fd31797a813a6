/* supervisor.h - starts the job's programs and reaps them
 *
 * Process 1 of a cell (supervisor_main.c), or init itself in a box without cells (bare.c).
 * One thread; only supervisor_start (for the exec) and supervisor_end block.
 *
 *     supervisor_init, supervisor_frame*, (supervisor_start, supervisor_reap*, supervisor_end)*
 */
#ifndef CEE_INIT_SUPERVISOR_H
#define CEE_INIT_SUPERVISOR_H

#include "init/exec.h"
#include "init/intake.h"
#include "init/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct program {
	pid_t pid;		/* 0 none */
	uint32_t phase;		/* of the last start */
	int64_t started_us;	/* CLOCK_MONOTONIC */
	int64_t cpu_us, maxrss; /* of what was reaped since the start */
	int64_t own_us;		/* the supervisor's own cpu time at the start */
};

struct supervisor {
	bool cell;     /* the supervisor is process 1 of a cell */
	int oom;       /* its own oom_score_adj, or -1; owned */
	int shown;     /* the memory limit that programs read (shown_limit.h), or -1; owned */
	uint64_t disk; /* bytes of the tmpfs */
	struct intake intake;
	struct plan plan;
	struct program program;
};

struct ended {	    /* a program, and all that it left, is gone */
	int status; /* as waitpid gives it */
	int64_t wall_us, cpu_us, maxrss;
	int64_t own_us; /* cpu time of a cell's supervisor meanwhile */
	int64_t left;	/* number of processes that had to be killed: without the program if it had ended by itself */
	bool file_full; /* it failed, and a file is as large as the limit allows */
};

enum { OOM_SUPERVISOR = 500, OOM_PROGRAM = 1000 };

void supervisor_init(struct supervisor *s, bool cell);
void supervisor_set_oom(const struct supervisor *s, int value);
/* FILE, DATA, COLLECT, PHASE, ARG, ENV as they arrive. -1 and text. */
int supervisor_frame(struct supervisor *s, unsigned type, const unsigned char *p, size_t len, char *text);
/* fds: stdin, stdout, stderr of the program; they stay the caller's. -1 and text. */
int supervisor_start(struct supervisor *s, const struct start *how, const int fds[3], char *text);
/* Reaps ended processes without waiting. true: the program has ended, with *status. */
bool supervisor_reap(struct supervisor *s, int *status);
/* Kills everything within reach and reaps it all. status -1: the program has not been reaped yet. */
void supervisor_end(struct supervisor *s, int status, struct ended *e);
void supervisor_signal(const struct supervisor *s, int sig);
void supervisor_release(struct supervisor *s);

#endif
