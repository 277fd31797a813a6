/* housekeeping.c - periodic tasks, every few seconds: scans, dead runners, languages, metrics */
#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "runner/box/boxes.h"
#include "runner/core/cleaner.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"
#include "runner/core/notify.h"
#include "runner/core/queued.h"
#include "runner/queue/queue.h"
#include "runner/run/run.h"
#include "runner/runner.h"
#include "spool/metrics_file.h"
#include "spool/retention.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HOUSEKEEPING_US = 5000000, BLIND_US = 50000, EXPIRY_US = 500000 };

struct retention_rules runner_retention(const struct runner *r)
{
	const struct conf *c = &r->config.conf;

	return (struct retention_rules){
		.keep_us = c->keep_us, .older_us = -1, .keep_bytes = c->keep_bytes, .owner_us = c->keep_owner_us
	};
}

static void clean_up(struct runner *r)
{
	const struct retention_rules rules = runner_retention(r);

	cleaner_tick(&r->cleaner, &rules, &r->kept);
}

static void write_metrics(struct runner *r)
{
	struct counters_boxes boxes[BOX_STATE_COUNT];
	struct counters_now now = { .queued = (int64_t)queue_length(r->queue),
				    .running = runs_numbers(r->runs, NULL).busy,
				    .places = runner_places(r),
				    .engine_up = engine_up(&r->docker.engine),
				    .engine_errors = engine_errors(&r->docker.engine),
				    .kept = r->kept,
				    .boxes = boxes,
				    .nboxes = boxes_by_state(&r->boxes, boxes) };
	AUTO_BUF struct buf b = { 0 };
	uid_t http;
	bool served = r->spool.shared && *r->config.conf.http_user && conf_http_uid(&r->config.conf, &http, NULL) == 0;

	runner_beat(r);
	if (counters_format(&r->counters, &b, r->claims.name, &now) == 0 &&
	    spool_metrics_write(&r->spool, r->claims.name, b.data, b.len, served ? &http : NULL) == 0) {
		r->metrics_failed = false;
		return;
	}
	if (!r->metrics_failed)
		log_event("metrics", "trouble", strerror(errno), NULL);
	r->metrics_failed = true;
}

static void say_status(struct runner *r)
{
	size_t waiting = queue_length(r->queue);

	if (engine_up(&r->docker.engine))
		notify_status(&r->notify, "%d jobs run in %d places, %zu wait", runs_numbers(r->runs, NULL).busy,
			      runner_places(r), waiting);
	else
		notify_status(&r->notify, "the engine is away (%s); %zu jobs wait", engine_trouble(&r->docker.engine),
			      waiting);
}

void runner_housekeeping(struct timer *t)
{
	struct runner *r = (struct runner *)((char *)t - offsetof(struct runner, housekeeping));

	if (engine_up(&r->docker.engine) && !runner_sweep_again(r))
		runner_sweep_dead(r);
	if (engine_up(&r->docker.engine) && loop_now(&r->loop) >= r->sweep_forgotten_at)
		runner_sweep_forgotten(r);
	if (engine_up(&r->docker.engine) && r->swept && r->test_again)
		runner_self_test(r);
	runner_look_at_languages(r);
	queue_scan(r->queue);
	clean_up(r);
	write_metrics(r);
	say_status(r);
	loop_timer(t, loop_now(&r->loop) + HOUSEKEEPING_US);
}

/* A job whose start_within is over ends without a box, whatever else runs. */
void runner_expire(struct timer *t)
{
	struct runner *r = (struct runner *)((char *)t - offsetof(struct runner, expiry));
	struct queued q;

	queue_examine(r->queue, (size_t)r->config.conf.max_job);
	while (!r->stopping && queue_expired(r->queue, now_us(), &q))
		runs_begin(r->runs, &q);
	loop_timer(t, loop_now(&r->loop) + EXPIRY_US);
}

void runner_blind_scan(struct timer *t)
{
	struct runner *r = (struct runner *)((char *)t - offsetof(struct runner, blind_scan));

	queue_scan(r->queue);
	loop_timer(t, loop_now(&r->loop) + BLIND_US);
}
