/* run.h - a claimed job, from the claim to its last rename */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include "base/loop.h"
#include "runner/box/box.h"
#include "runner/compile/compilers.h"
#include "runner/core/config.h"
#include "runner/layers/layer_builds.h"
#include "runner/core/counters.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/pool/pool.h"
#include "runner/queue/queue.h"
#include "spool/input.h"
#include "spool/registration.h"

#include <stdbool.h>

/* What runs stand on; all of it stays. */
struct run_parts {
	struct loop *loop;
	struct sync *sync;
	struct pin *pin;
	struct counters *counters;
	struct boxes *boxes;
	struct pool *pool;
	struct compilers *compilers;
	struct layer_builds *layer_builds;
};

/* on_end: a job has gone, or may be resumed. on_unknown: one names a language that is not known; it may be by the time this returns. */
void run_init(const struct run_parts *with, const struct config *c, struct spool_runner *r, bool durable,
	      void (*on_end)(void), void (*on_unknown)(void));
void run_reconfigure(const struct config *c);
/* Claims the job and takes it all the way. 0 begun, 1 somebody else was first,
 * -1 (errno) the spool did not let us: try later. */
int run_begin(const struct queued *q);
/* Claims a waiting job only to end it as cancelled; same returns. */
int run_begin_cancelled(const struct queued *q);
/* A wish to end: true when that job is one of ours. */
bool run_cancel(const char *owner, const char *id);
/* Something came for it in in/; false when that job is none of ours. */
bool run_input(const char *owner, const char *id, enum spool_input_kind kind, int sig);
/* Ends all boxes and puts the jobs back into new/. */
void run_requeue_all(void);
int run_count(void);
/* Of them, those that hold a place: not those with a verdict, nor (up to a number) those that wait for packages. */
int run_busy(void);
/* One whose packages have come takes one of so many places; false when there is none of either. */
bool run_resume(int places);
#endif
