/* run_internal.h - a claimed job, as run.c, deliver.c, packages.c and verdict.c share it */
#ifndef RUNNER_RUN_INTERNAL_H
#define RUNNER_RUN_INTERNAL_H

#include "base/id.h"
#include "base/limit.h"
#include "base/loop.h"
#include "job/job.h"
#include "job/job_tests.h"
#include "job/language.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/core/config.h"
#include "runner/core/sync.h"
#include "runner/run/collect_files.h"
#include "runner/run/output.h"
#include "runner/run/test_runs.h"
#include "spool/attempt.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#define RUN_STATES(S)                                                                                                  \
	S(CLAIMED, "claimed")                                                                                          \
	S(PACKAGES, "packages")                                                                                        \
	S(PACKED, "waiting for a place")                                                                               \
	S(BOXED, "waiting for its box")                                                                                \
	S(COMPILING, "compiling")                                                                                      \
	S(EXECUTING, "executing") S(RERUN, "rerun") S(VERDICT, "verdict") S(SYNCED, "synced") S(PUBLISHED, "publishe"  \
													   "d")
enum run_state {
#define S(id, name) RUN_##id,
	RUN_STATES(S)
#undef S
		RUN_STATE_COUNT
};

struct feed { /* feed.c: what goes into it */
	struct spool *spool;
	int fd;	   /* in/ID, or -1: from the job's text */
	int taken; /* N/taken, or -1 */
	int64_t sent, told;
	size_t credit; /* bytes that init still takes */
	bool ended;    /* STDIN_END is sent */
	bool started;  /* the run phase has begun: signals are the program's */
};

struct run {
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
	struct compile *compile; /* asked of a compile box; its products, when it is through */
	bool compiled;		 /* it is through, and the program may run */
	struct layer_waiter *packages; /* while its layer is built; or NULL */
	int layer;		 /* holds its layer in use, -1 none */
	int pinned;		 /* the processor it holds, -1 none */
	struct tests tests;
	struct feed feed;
	bool began;    /* a phase was started: from here on the box's death is the job's */
	bool clean;    /* DONE came as it should: the box may serve on */
	bool killed;   /* KILL is sent; the next DONE is that of a cancelled job */
	char *labels;  /* for the log: a=b,c=d; or NULL */
	char *trouble; /* init's own words for a failure of ours */
	struct timer timer;
	struct sync_request sync;
	struct run *next;
};

/* deliver.c: queues the frames of the whole job, FRAME_GO last. -1 ENOMEM. */
int deliver_job(struct run *r);
/* A test's phase and its GO, after its TEST. -1 ENOMEM. */
int deliver_test(struct run *r, const struct job_test *t, const struct limits *limits);

/* run.c: what is in force where own is what was asked for. */
void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l);

/* feed.c: standard input and signals. */
void feed_init(struct feed *f);
void feed_release(struct feed *f);
/* Before a box is asked for: NULL, or why the job cannot be run. */
const char *feed_open(struct run *r, struct spool *s);
void feed_look(struct run *r); /* sends what may be sent; for any job at any time */
void feed_credit(struct run *r, const struct frame *f);
void feed_window(struct run *r);	  /* how large its terminal is, by now */
bool feed_signal(struct run *r, int sig); /* false: its program does not run */

/* packages.c: the layer of a job that has packages. PACKED by the time it returns, or it waits for
 * run_resumable, or it has ended. */
void packages_ask(struct run *r);

/* run.c: the one place where a verdict is reached; the box goes. */
void run_verdict(struct run *r, enum why why, const char *message);
/* A failure of ours: once more, or said to be ours. */
void run_failed(struct run *r, enum why why, const char *message);
void run_enter(struct run *r, enum run_state s); /* the only writer of state; logs it */
int run_begin_log(struct run *r);		 /* once a job, before its first output. -1: no room */
void run_resumable(void);			 /* a job is PACKED: a free place may be its */
const struct config *run_config(void);
const struct run_parts *run_parts(void);

/* verdict.c: what a phase's FRAME_END says, written into r->result. */
void verdict_end(struct run *r, const struct frame *f);
void verdict_ended(struct run *r, const struct frame_end *e);
/* The same into p (but its limits) and why; false when the frame is not understood. */
bool verdict_phase(const struct frame *f, enum frame_phase *phase, struct result_phase *p, enum why *why);
bool verdict_program_failed(const struct result_phase *p);
/* One line for people: which limit of which phase, and what else is worth knowing. "" nothing. */
void verdict_explain(const struct run *r, char *text, size_t size);
#endif
