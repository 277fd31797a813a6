/* run_internal.h - a claimed job, as the files of this folder share it
 *
 * Who calls whom, each only what stands to its left:
 *     run_state < output, collect_files, verdict, stdin_pump, send_job, run_limits < to_box < test_runs < finish
 *         < package_step < box_events < compile_step < admit < run
 */
#ifndef RUNNER_RUN_INTERNAL_H
#define RUNNER_RUN_INTERNAL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/loop.h"
#include "job/job.h"
#include "job/language.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/core/sync.h"
#include "runner/run/collect_files.h"
#include "runner/run/output.h"
#include "runner/run/run.h"
#include "runner/run/run_state.h"
#include "runner/run/send_job.h"
#include "runner/run/stdin_pump.h"
#include "runner/run/test_runs.h"
#include "spool/attempt.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run {
	struct runs *all;
	enum run_state state;
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int attempt;
	struct job job;
	const struct lang *lang;
	struct limits limits[PHASE_COUNT]; /* in force */
	struct result result;
	struct spool_attempt files;
	struct output output;
	struct files collected;
	int64_t collect_files, collect_bytes; /* in force */
	struct box *box;
	struct compile *compile;	   /* asked of a compile box; its products, once it is through */
	struct layer_waiter *layer_waiter; /* for its packages, while its layer is built; or NULL */
	int layer;			   /* holds its layer in use, -1 none */
	int pinned;			   /* the processor it holds, -1 none */
	struct tests tests;
	struct stdin_pump stdin_pump;
	bool program_runs;  /* the run phase has begun: signals are the program's */
	bool began;	    /* a phase was started: from here on the box's death is the job's */
	bool clean;	    /* DONE came as it should: the box may serve on */
	char *labels;	    /* for the log: a=b,c=d; or NULL */
	char *trouble;	    /* init's message for an internal failure */
	struct timer timer; /* the state's deadline: run_enter arms and disarms it */
	struct sync_request sync;
	struct run *next;
};

struct runs {
	struct runs_parts parts;
	struct runs_ops ops;
	struct run *first;
};

/* finish.c */
/* The one place where a verdict is reached; the box goes. Nothing for a job that has one. */
void run_verdict(struct run *r, enum why why, const char *message);
/* An internal failure: the job is rerun, or ends with that reason. */
void run_failed(struct run *r, enum why why, const char *message);
/* Back into new/, as soon as its box is gone. */
void run_requeue(struct run *r);
/* Its box is gone: puts it back, or tries so again in a second. */
void run_put_back(struct run *r);
/* The same for a box that no job waits for any more. */
void run_box_gone(struct run *r);
/* The next step of a job with a verdict; failed steps are retried each second. */
void run_step(struct run *r);
/* The compile and the layer build are not wanted any more. */
void run_drop_compile(struct run *r);
int run_begin_log(struct run *r); /* once a job, before its first output. -1: no room */
void run_free(struct run *r);	  /* all that a run holds; it is in no list */

/* to_box.c: sends frames to its box. */
struct send_job run_to_send(struct run *r);
/* The size of its terminal, by now. */
void run_send_window(struct run *r);
bool run_send_signal(struct run *r, int sig); /* false: its program does not run */

/* run_limits.c: the effective limits for the requested ones in own. */
void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l);

/* package_step.c: the layer of a job that has packages. PACKED by the time it returns, or it waits for
 * runs_resume, or it has ended. */
void run_ask_packages(struct run *r);

/* box_events.c: gives the box to the run, which takes its events from now on. */
void run_use_box(struct run *r, struct box *b);
/* Sends the available standard input; may be called for any job at any time. */
void run_pump_stdin(struct run *r);
/* Its box is ready, and so is its program. */
void run_execute(struct run *r);

/* compile_step.c: compiled in a compile box where one is to be had; and a box for the program. */
void run_compile_and_run(struct run *r);

/* admit.c: everything that the submitter checked is checked again. NULL, or why the job cannot run. */
const char *run_admit(struct run *r, const struct buf *text, enum why *why, struct cee_err *e);
#endif
