/* run.h - claimed jobs, each from its claim to its last rename
 *
 *     runs_new; runs_begin for a job that the queue handed out; then the boxes' events drive it, and the
 *     ops are called from the loop. runs_free when runs_numbers says that none is left, or at the end of the process.
 *
 * Everything in struct runs_parts is borrowed and stays as long as the runs.
 */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include "base/loop.h"
#include "runner/box/boxes.h"
#include "runner/compile/compilers.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/pin.h"
#include "runner/core/queued.h"
#include "runner/core/sync.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "spool/input.h"
#include "spool/registration.h"

#include <stdbool.h>

struct runs_parts {
	const struct config *config;
	struct spool_runner *runner;
	struct loop *loop;
	struct sync *sync;
	struct boxes *boxes;
	struct pool *pool;
	struct compilers *compilers;
	struct layer_builds *layer_builds;
	struct pin *pin;
	struct counters *counters;
	bool durable;
};
struct runs_ops {
	void (*ended)(void *arg);     /* a job has ended, or was put back: another may begin */
	void (*resumable)(void *arg); /* a job's packages are ready: call runs_resume */
	/* A job names an unknown language; the callee may load it before this returns. */
	void (*unknown_language)(void *arg);
	void *arg;
};
struct runs;
/* NULL: ENOMEM. */
struct runs *runs_new(const struct runs_parts *parts, const struct runs_ops *ops);
void runs_free(struct runs *rs); /* NULL is ignored */
void runs_reconfigure(struct runs *rs, const struct config *c);

/* Claims the job and runs it to its end. 0: begun; 1: another runner was first; -1 and errno: the spool failed, try
 * later. */
int runs_begin(struct runs *rs, const struct queued *q);
/* Claims a waiting job only to end it as cancelled; same returns. */
int runs_begin_cancelled(struct runs *rs, const struct queued *q);
/* Gives a place to a job whose packages are ready: the one that has waited longest among the owners for which
 * may_begin is true (NULL: all). False: no such job. */
bool runs_resume(struct runs *rs, bool (*may_begin)(void *arg, const char *owner), void *arg);

enum run_cancel {
	RUN_NOT_HERE,
	RUN_CANCELLED, /* now */
	RUN_ENDS       /* it was cancelled before, or has a verdict */
};
enum run_cancel runs_cancel(struct runs *rs, const char *owner, const char *id);
/* An entry of in/ for that job; false when it is not one of these. */
bool runs_input(struct runs *rs, const char *owner, const char *id, enum spool_input_kind kind, int sig);

/* Ends the sessions that execute: the runner is to stop. */
void runs_end_sessions(struct runs *rs);
/* Ends all boxes; each job that has no verdict goes back into new/ when its box is gone. */
void runs_requeue_all(struct runs *rs);
/* For when the engine does not come back: stops waiting for the boxes, which end with their connections. */
void runs_abandon_boxes(struct runs *rs);

struct run_numbers {
	int all;
	int busy;     /* jobs that hold a place */
	int sessions; /* sessions that execute: without a place */
	int waiting;  /* jobs that wait for packages, or have them and wait for a place */
	int ending;   /* jobs with a verdict that is being written */
};
/* The numbers of that owner's jobs; NULL: of all jobs. */
struct run_numbers runs_numbers(const struct runs *rs, const char *owner);
#endif
