/* engine_events.c - the engine becomes available or unavailable; boxes left behind; the self-test
 *
 * When the engine becomes available, boxes of an earlier process of this runner are removed before any job may begin;
 * then those of dead runners, and only after that are their jobs put back: no job runs twice at once.
 */
#include "engine/engine.h"
#include "runner/box/box_sweep.h"
#include "runner/box/image_ids.h"
#include "runner/compile/compilers.h"
#include "runner/core/log.h"
#include "runner/core/notify.h"
#include "runner/host/host.h"
#include "runner/host/self_test.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/runner.h"
#include "spool/adopt.h"
#include "spool/health.h"
#include "spool/owner_name.h"
#include "spool/runners.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FORGOTTEN_US = 60000000 };

struct dead_runner {
	struct runner *r;
	char name[OWNER_MAX];
};

static int requeued(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)priority;
	log_event("adopt", "runner", arg, "owner", owner, "id", id, "attempt", log_number(attempts), NULL);
	return 0;
}

static void dead_swept(void *arg, int result)
{
	struct dead_runner *d = arg;

	if (result == 0 && spool_adopt(&d->r->claims, d->name, requeued, d->name) < 0)
		log_event("adopt", "runner", d->name, "trouble", strerror(errno), NULL);
	free(d);
}

static int found_dead(void *arg, const char *name)
{
	struct dead_runner *d = calloc(1, sizeof(*d));

	if (!d)
		return 0; /* retried in a few seconds */
	d->r = arg;
	snprintf(d->name, sizeof(d->name), "%s", name);
	boxes_sweep(&d->r->boxes, d->name, dead_swept, d);
	return 0;
}

void runner_sweep_dead(struct runner *r)
{
	spool_each_dead(&r->claims, found_dead, r);
}

static bool lives(void *arg, const char *name)
{
	struct runner *r = arg;

	return spool_runner_lives(&r->spool, name);
}

void runner_sweep_forgotten(struct runner *r)
{
	r->sweep_forgotten_at = loop_now(&r->loop) + FORGOTTEN_US;
	boxes_sweep_forgotten(&r->boxes, lives, r);
}

/* Nothing has begun yet, so ending with one sentence is better than failing every job. */
static void refuse(struct runner *r, const struct finding *f)
{
	snprintf(r->refusal, sizeof(r->refusal), "%.500s; %.300s", f->what, f->remedy);
	r->refusal_status = f->conf ? EX_CONFIG : EX_UNAVAILABLE;
	r->stopping++;
	runner_wake(r);
}

void runner_self_tested(void *arg, const struct self_test_result *result)
{
	struct runner *r = arg;
	bool again = r->test_again;

	if (result->fatal) {
		refuse(r, result->fatal);
		return;
	}
	r->tested = true;
	notify_ready(&r->notify);
	r->test_again = strcmp(result->cells, "unknown") == 0;
	if (again && r->test_again)
		return;
	log_event("self-test", "cells", result->cells, "sockets", r->boxes.by_socket ? "yes" : "no", "apparmor",
		  r->boxes.apparmor, "reason", result->reason, "remedy", result->remedy, NULL);
	runner_wake(r);
}

void runner_self_test(struct runner *r)
{
	self_test_start(&r->self_test, &r->config);
}

static void own_swept(void *arg, int result)
{
	struct runner *r = arg;

	r->sweeps--;
	r->sweep_failed = result < 0;
	if (result < 0) { /* also by an engine that is up, but answers with an error: tried again */
		r->boxes.create_lost |= r->lost_before;
		runner_wake(r);
		return;
	}
	r->swept = true;
	runner_sweep_dead(r);
	runner_sweep_forgotten(r);
	if (!r->tested)
		runner_self_test(r);
	runner_wake(r);
}

static void sweep_own(struct runner *r)
{
	r->lost_before = r->boxes.create_lost;
	r->boxes.create_lost = r->swept = false;
	r->sweeps++;
	boxes_sweep(&r->boxes, r->claims.name, own_swept, r);
}

/* While no box is being made: the list would have its container before the runner knows whose it is. */
bool runner_sweep_again(struct runner *r)
{
	if ((r->swept && !r->boxes.create_lost) || r->sweeps || !engine_up(&r->docker.engine) ||
	    boxes_coming(&r->boxes))
		return false;
	sweep_own(r);
	return true;
}

void runner_beat(struct runner *r)
{
	health_beat(&r->claims, engine_up(&r->docker.engine), engine_trouble(&r->docker.engine), &r->kept);
}

void runner_engine_changed(void *arg, bool up)
{
	struct runner *r = arg;
	struct finding f;

	runner_beat(r);
	log_event("engine", "state", up ? "up" : "away", "api", up ? engine_api(&r->docker.engine) : NULL, "trouble",
		  up ? NULL : engine_trouble(&r->docker.engine), "remedy",
		  up				  ? NULL
		  : engine_old(&r->docker.engine) ? "upgrade the engine"
						  : "jobs are kept; start the engine, or set docker_host",
		  NULL);
	r->swept = false;
	pool_drain(&r->pool);
	compilers_drain(&r->compilers);
	layer_builds_drain(&r->layer_builds);
	if (engine_old(&r->docker.engine) && !r->tested) {
		finding_set(&f, FINDING_FAIL, "upgrade the engine", "the engine is too old: %s",
			    engine_trouble(&r->docker.engine));
		refuse(r, &f);
	}
	if (!up && !r->refusal[0])
		notify_ready(&r->notify); /* jobs are accepted and wait */
	if (up) {
		image_ids_look(&r->images);
		sweep_own(r);
	}
}
