/* claiming.c - decides whether another job may begin, and which owner's
 *
 * A job with a verdict holds no place while its result is written, nor does a box that the engine is removing: both
 * continue beside the next jobs, but their number is bounded. Jobs that wait for packages hold no place either.
 */
#include "base/loop.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/compile/compilers.h"
#include "runner/core/log.h"
#include "runner/core/queued.h"
#include "runner/host/limit_probe.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/queue/owner_bound.h"
#include "runner/queue/queue.h"
#include "runner/run/run.h"
#include "runner/runner.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
	GOING_MORE = 4,		/* boxes being removed, beyond the places */
	FINISHING_MORE = 64,	/* jobs that are not waiting for packages, beyond the places */
	PACKAGES_OF_OWNER = 32, /* one owner's jobs that wait for packages: each claimed job needs descriptors */
	PACKAGES_OF_ALL = 128,
	TURN_CLAIMS = 32, /* after so many the loop handles other events first */
	LATER_US = 1000000
};

void runner_wake(struct runner *r)
{
	r->wake = true;
}

int runner_places(const struct runner *r)
{
	return r->options.jobs ? r->options.jobs : r->config.conf.jobs;
}

static bool may_claim(const struct runner *r)
{
	struct run_numbers n = runs_numbers(r->runs, NULL);
	int places = runner_places(r);

	return !r->stopping && r->swept && r->tested && engine_up(&r->docker.engine) && !r->claim_later.at &&
	       n.busy < places && n.all - n.waiting < places + FINISHING_MORE && n.waiting < PACKAGES_OF_ALL &&
	       boxes_going(&r->boxes) < places + GOING_MORE;
}

/* Is a place free for this owner? */
static bool has_place(void *arg, const char *owner)
{
	const struct runner *r = arg;
	struct run_numbers n = runs_numbers(r->runs, owner);

	return !n.busy ||
	       n.busy < owner_bound(runner_places(r), r->config.conf.owner_jobs, queue_others_wait(r->queue, owner));
}

static bool may_begin(void *arg, const char *owner)
{
	const struct runner *r = arg;

	return has_place(arg, owner) && runs_numbers(r->runs, owner).waiting < PACKAGES_OF_OWNER;
}

/* Gives a place to a job whose packages are ready; also while no job may be claimed. */
static bool resume(struct runner *r)
{
	return runs_numbers(r->runs, NULL).busy < runner_places(r) && runs_resume(r->runs, has_place, r);
}

static bool claim(struct runner *r)
{
	struct queued q;

	if (!may_claim(r) || !queue_next(r->queue, may_begin, r, &q))
		return false;
	switch (runs_begin(r->runs, &q)) {
	case 1: /* another runner has it */
		queue_again(r->queue, q.owner);
		break;
	case -1:
		log_event("spool", "trouble", strerror(errno), "owner", q.owner, "id", q.id, "remedy",
			  "claiming again in a second", NULL);
		loop_timer(&r->claim_later, loop_now(&r->loop) + LATER_US);
		break;
	}
	return true;
}

/* Alternates between jobs whose packages are ready and jobs that wait in the spool. */
static bool begin_one(struct runner *r)
{
	if (!r->resumed_last && resume(r)) {
		r->resumed_last = true;
		return true;
	}
	r->resumed_last = false;
	return claim(r) || resume(r);
}

void runner_turn(struct runner *r)
{
	int begun = 0;

	if (!r->wake)
		return;
	r->wake = false;
	while (begun < TURN_CLAIMS && begin_one(r))
		begun++;
	if (begun == TURN_CLAIMS)
		r->wake = true;
	if (!r->stopping && r->swept && r->tested && engine_up(&r->docker.engine) && !r->options.once) {
		pool_refill(&r->pool, queue_length(r->queue), runner_places(r) - runs_numbers(r->runs, NULL).busy);
		compilers_refill(&r->compilers);
	}
	queue_retry(r->queue);
	runner_maybe_quit(r);
	if (r->wake) /* a job ended at once: take another turn, after other ready events */
		loop_timer(&r->turn_again, loop_now(&r->loop) + 1);
}

void runner_turn_again(struct timer *t)
{
	runner_wake((struct runner *)((char *)t - offsetof(struct runner, turn_again)));
}

void runner_claim_later(struct timer *t)
{
	struct runner *r = (struct runner *)((char *)t - offsetof(struct runner, claim_later));

	queue_scan(r->queue); /* the jobs that could not begin are back in their directory */
}

void runner_maybe_quit(struct runner *r)
{
	bool nothing_waits = r->options.once && r->tested && queue_length(r->queue) == 0;

	if (runs_numbers(r->runs, NULL).all || !(r->stopping || nothing_waits))
		return;
	limit_probes_stop(&r->probes);
	pool_drain(&r->pool);
	compilers_drain(&r->compilers);
	layer_builds_drain(&r->layer_builds);
	if (r->abandoned ||
	    (!boxes_count(&r->boxes) && !r->boxes.create_lost && !r->sweeps && !r->boxes.forgotten.asked))
		r->quit = true;
}
