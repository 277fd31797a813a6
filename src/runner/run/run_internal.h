/* run_internal.h - a claimed job, as shared by the files of this folder
 *
 * Order of dependence; each file calls only files to its left:
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
	double slowness;		   /* run_limits.c; of the host, when the job was claimed */
	struct result result;
	struct spool_attempt files;
	struct output output;
	struct files collected;
	int64_t collect_files, collect_bytes; /* in force */
	struct box *box;
	struct compile *compile;	   /* the request to a compile box; it holds the products when done */
	struct layer_waiter *layer_waiter; /* the request for its packages while its layer is built; or NULL */
	int layer;			   /* keeps its layer in use; -1: none */
	int pinned;			   /* the processor that it holds; -1: none */
	struct tests tests;
	struct stdin_pump stdin_pump;
	bool program_runs;	       /* the run phase has begun: signals are sent to the program */
	bool began;		       /* a phase was started: from now on the job is to blame if the box dies */
	bool gate_dead;		       /* its gate did not answer when it ended */
	bool clean;		       /* DONE was received in order: the box may be reused */
	char *labels;		       /* for the log: a=b,c=d; or NULL */
	int64_t active_us, session_us; /* of a session: the last request or output, its program's begin (loop_now) */
	char session_end[80];	       /* why it is being ended; "": it was cancelled */
	char *trouble;		       /* init's message for an internal failure */
	struct timer timer;	       /* the state's deadline: run_enter arms and disarms it */
	struct sync_request sync;
	struct run *next;
};

struct runs {
	struct runs_parts parts;
	struct runs_ops ops;
	struct run *first;
};

/* run_state.c: of a session, microseconds until it has been idle too long or its life is over; 0: it is. */
int64_t run_session_left(const struct run *r);

/* finish.c */
/* The verdict of a job whose box was told to end it: cancelled, or a session that is over. */
void run_killed(struct run *r, const char *message);
/* The only place that sets a verdict; also gives up the box. Does nothing for a job with a verdict. */
void run_verdict(struct run *r, enum reason why, const char *message);
/* An internal failure: the job is rerun, or ends with that reason. */
void run_failed(struct run *r, enum reason why, const char *message);
/* Puts the job back into new/ as soon as its box is gone. */
void run_requeue(struct run *r);
/* To be called when the box is gone: puts the job back, or retries in a second. */
void run_put_back(struct run *r);
/* The same, but first clears r->box. */
void run_box_gone(struct run *r);
/* The next step of a job with a verdict; failed steps are retried each second. */
void run_step(struct run *r);
/* Drops the compile, and the request for a layer, which are no longer needed. */
void run_drop_compile(struct run *r);
int run_begin_log(struct run *r); /* once a job, before its first output. -1: no room */
void run_free(struct run *r);	  /* frees a run that is not in a list */

/* to_box.c: sends frames to its box. */
struct send_job run_to_send(struct run *r);
/* Sends the present size of its terminal. */
void run_send_window(struct run *r);
bool run_send_signal(struct run *r, int sig); /* false: its program is not running */

/* run_limits.c: the effective limits for the requested ones in own. */
double run_slowness(void);
void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l);

/* package_step.c: the layer of a job that has packages. When this returns the job is PACKED, or waits for
 * runs_resume, or has ended. */
void run_ask_packages(struct run *r);

/* box_events.c: gives the box to the run, which handles its events from now on. */
void run_use_box(struct run *r, struct box *b);
/* Sends the available standard input; may be called for any job at any time. */
void run_pump_stdin(struct run *r);
/* To be called when the box and the program are ready: sends the job. */
void run_execute(struct run *r);

/* compile_step.c: compiles in a compile box if one is available, and gets a box for the program. */
void run_compile_and_run(struct run *r);

/* admit.c: repeats all checks of the submitting program. NULL, or why the job cannot run. */
const char *run_admit(struct run *r, const struct buf *text, enum reason *why, struct cee_err *e);
#endif
