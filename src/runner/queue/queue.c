/* queue.c - scans and events of the spool, into the owners' line and their pending requests
 *
 *     directories ── scan ──┬─> turns.c: who is next        ──> queue_next
 *     inotify ──── events ──┴─> pending.c: cancels, input … ──> the runner, a few of each owner a turn
 */
#include "runner/queue/queue.h"
#include "base/error.h"
#include "base/id.h"
#include "base/loop.h"
#include "runner/core/log.h"
#include "runner/core/queued.h"
#include "runner/queue/job_heap.h"
#include "runner/queue/pending.h"
#include "runner/queue/queue_watch.h"
#include "runner/queue/start_within.h"
#include "runner/queue/turns.h"
#include "spool/cancel.h"
#include "spool/input.h"
#include "spool/join.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "spool/sweep.h"
#include "spool/walk.h"
#include "spool/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_US = 20000, AGAIN_TIMES = 50, RETRY_US = 50000 };

struct queue {
	struct loop *loop;
	struct spool *spool;
	struct queue_ops ops;
	struct turns turns;
	struct pending pending;
	struct start_within start_within;
	struct queue_watch watch;
	struct timer scan_again; /* an owner's folder was seen before its new/ existed */
	int again_left;
	struct timer serve; /* the next turn of pending requests */
	bool waits;	    /* all pending requests had to wait in the last turn */
};

/* ---- requests ----------------------------------------------------------------------- */

static enum request_result request(void *arg, size_t owner, const struct pending_request *r)
{
	struct queue *q = arg;
	const char *name = q->turns.owner[owner]->name;

	if (r->kind == REQUEST_CANCEL)
		return q->ops.cancel(q->ops.arg, name, r->name);
	if (r->kind == REQUEST_INPUT)
		return q->ops.input(q->ops.arg, name, r->name);
	return q->ops.removal(q->ops.arg, name, r->name);
}

struct refill {
	struct queue *q;
	size_t owner, skip;
	enum request_kind kind;
};

static int refill_one(void *arg, const char *name)
{
	struct refill *f = arg;

	if (f->skip) {
		f->skip--;
		return 0;
	}
	return !pending_add(&f->q->pending, f->owner, f->kind, name);
}

static void refill(void *arg, size_t owner, size_t skip)
{
	struct queue *q = arg;
	const char *name = q->turns.owner[owner]->name;
	struct refill f = { .q = q, .owner = owner, .skip = skip };

	f.kind = REQUEST_CANCEL;
	spool_each_cancel(q->spool, name, refill_one, &f);
	f.kind = REQUEST_REMOVAL;
	if (q->spool->shared)
		spool_each_removal(q->spool, name, refill_one, &f);
	f.kind = REQUEST_INPUT;
	spool_each_input(q->spool, name, refill_one, &f);
}

static void serve(struct queue *q)
{
	struct pending_ops ops = { .request = request, .refill = refill, .arg = q };
	enum pending_left left = pending_serve(&q->pending, &ops);

	q->waits = left == PENDING_WAITS;
	if (left == PENDING_NOTHING)
		loop_timer(&q->serve, 0);
	else /* at once means after the other ready events */
		loop_timer(&q->serve, loop_now(q->loop) + (q->waits ? RETRY_US : 1));
}

static void serve_fired(struct timer *t)
{
	struct queue *q = (struct queue *)((char *)t - offsetof(struct queue, serve));

	if (q->waits)
		pending_retry(&q->pending);
	serve(q);
}

void queue_retry(struct queue *q)
{
	if (q->waits)
		loop_timer(&q->serve, loop_now(q->loop) + 1);
}

/* ---- scans ------------------------------------------------------------------------------ */

struct scan {
	struct queue *q;
	struct owner *owner;
};

static int scan_job(void *arg, const char *name, const char *id, int priority, int attempts)
{
	struct scan *s = arg;

	(void)name;
	return turns_add(&s->q->turns, s->owner, id, priority, attempts);
}

static int scan_join(void *arg, const char *name)
{
	struct queue *q = arg;

	q->ops.join(q->ops.arg, name);
	return 0;
}

static int scan_owner(void *arg, const char *name)
{
	struct queue *q = arg;
	size_t number = turns_owner(&q->turns, name);
	struct scan s = { .q = q };

	if (number == SIZE_MAX)
		return 0;
	s.owner = q->turns.owner[number];
	s.owner->seen = true;
	if (!queue_watch_owner(&q->watch, number, name) && q->again_left > 0 && !q->scan_again.at) {
		q->again_left--;
		loop_timer(&q->scan_again, loop_now(q->loop) + AGAIN_US);
	}
	turns_forget(&q->turns, s.owner);
	spool_sweep(q->spool, s.owner->name);
	spool_each_new(q->spool, s.owner->name, scan_job, &s);
	refill(q, number, 0);
	return 0;
}

/* Owners whose directory was removed, since they had no jobs for long, are forgotten, with their watches. */
static void forget_owners(struct queue *q)
{
	for (size_t i = 0; i < q->turns.nowners; i++) {
		struct owner *o = q->turns.owner[i];
		char name[OWNER_MAX];

		if (!o || o->seen || pending_has(&q->pending, i))
			continue;
		snprintf(name, sizeof(name), "%s", o->name);
		turns_forget(&q->turns, o);
		if (!turns_drop(&q->turns, i))
			continue;
		queue_watch_forget(&q->watch, i);
		if (q->ops.owner_gone)
			q->ops.owner_gone(q->ops.arg, name);
	}
}

void queue_scan(struct queue *q)
{
	bool all;

	if (q->spool->shared)
		join_each(q->spool, scan_join, q);
	for (size_t i = 0; i < q->turns.nowners; i++)
		if (q->turns.owner[i])
			q->turns.owner[i]->seen = false;
	turns_scan_begin(&q->turns);
	all = spool_each_owner(q->spool, scan_owner, q) == 0;
	if (all)
		forget_owners(q);
	turns_scan_end(&q->turns);
	pending_retry(&q->pending);
	serve(q);
	q->ops.changed(q->ops.arg);
}

static void scan_again_fired(struct timer *t)
{
	queue_scan((struct queue *)((char *)t - offsetof(struct queue, scan_again)));
}

/* ---- events ------------------------------------------------------------------------------------ */

static void name_event(struct queue *q, struct owner *o, const char *name)
{
	char id[ID_LEN + 1];
	int priority, attempts;

	if (spool_event_new(name, id, &priority, &attempts))
		turns_add(&q->turns, o, id, priority, attempts);
}

static void cancel_event(struct queue *q, size_t owner, const char *name)
{
	char id[ID_LEN + 1];
	bool removal;

	if (!spool_event_cancel(name, id, &removal))
		return;
	if (!removal)
		pending_add(&q->pending, owner, REQUEST_CANCEL, id);
	else if (q->spool->shared)
		pending_add(&q->pending, owner, REQUEST_REMOVAL, id);
}

static void root_event(struct queue *q, const char *name)
{
	q->again_left = AGAIN_TIMES;
	if (!spool_owner_valid(name))
		return;
	turns_scan_begin(&q->turns);
	scan_owner(q, name);
	turns_scan_end(&q->turns);
}

static void event(void *arg, enum spool_watch dir, size_t owner, const char *name)
{
	struct queue *q = arg;

	switch (dir) {
	case WATCH_OWNERS:
		root_event(q, name);
		break;
	case WATCH_REQUESTS:
		q->ops.join(q->ops.arg, name);
		break;
	case WATCH_NEW:
		name_event(q, q->turns.owner[owner], name);
		break;
	case WATCH_CANCEL:
		cancel_event(q, owner, name);
		break;
	case WATCH_INPUT:
		pending_add(&q->pending, owner, REQUEST_INPUT, name);
		break;
	}
}

static void batch(void *arg, bool lost)
{
	struct queue *q = arg;

	if (lost) {
		queue_scan(q);
		return;
	}
	serve(q);
	q->ops.changed(q->ops.arg);
}

/* ---- the object ------------------------------------------------------------------------------------ */

struct queue *queue_new(struct loop *l, struct spool *s, const struct queue_ops *ops, size_t most_waiting,
			struct cee_err *e)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q) {
		cee_fail(e, ENOMEM, "out of memory");
		return NULL;
	}
	q->loop = l;
	q->spool = s;
	q->ops = *ops;
	q->start_within.spool = s;
	turns_init(&q->turns, most_waiting);
	pending_init(&q->pending);
	timer_init(&q->scan_again, l, scan_again_fired);
	timer_init(&q->serve, l, serve_fired);
	if (queue_watch_init(&q->watch, l, s, &(struct queue_watch_ops){ .event = event, .batch = batch, .arg = q }) <
		    0 ||
	    queue_watch_root(&q->watch, s->shared) < 0) {
		cee_fail(e, errno, "the spool cannot be watched: %s", strerror(errno));
		queue_free(q);
		return NULL;
	}
	if (queue_blind(q))
		log_event("start", "trouble", "no inotify instance; the spool is scanned every 50 ms instead", "remedy",
			  "raise fs.inotify.max_user_instances", NULL);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	loop_timer(&q->scan_again, 0);
	loop_timer(&q->serve, 0);
	queue_watch_release(&q->watch);
	start_within_release(&q->start_within);
	pending_release(&q->pending);
	turns_release(&q->turns);
	free(q);
}

bool queue_blind(const struct queue *q)
{
	return queue_watch_blind(&q->watch);
}

/* ---- choosing ------------------------------------------------------------------------------------------ */

bool queue_next(struct queue *q, turns_may_fn may_begin, void *arg, struct queued *job)
{
	return turns_next(&q->turns, may_begin, arg, job);
}

void queue_again(struct queue *q, const char *owner)
{
	turns_again(&q->turns, owner);
}

bool queue_take(struct queue *q, const char *owner, const char *id, struct queued *job)
{
	return turns_take(&q->turns, owner, id, job);
}

size_t queue_length(const struct queue *q)
{
	return q->turns.waiting;
}

bool queue_others_wait(const struct queue *q, const char *owner)
{
	const struct owner *o = turns_find(&q->turns, owner);

	return q->turns.in_line > (o && o->in_line ? 1u : 0u);
}

bool queue_has(const struct queue *q, const char *owner, const char *id)
{
	const struct owner *o = turns_find(&q->turns, owner);

	return o && job_heap_find(&o->jobs, id) != SIZE_MAX;
}

void queue_examine(struct queue *q, size_t max_job)
{
	start_within_examine(&q->start_within, &q->turns, max_job);
}

bool queue_expired(struct queue *q, int64_t now, struct queued *job)
{
	return start_within_over(&q->start_within, &q->turns, now, job);
}
