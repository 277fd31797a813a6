/* queue.c - the order of jobs, and the inotify watches behind it
 *
 * An owner's jobs are a heap of names; owners are served in turn. inotify is a
 * hint: queue_scan makes everything anew from the directories, at start, when
 * events were lost, and on a slow timer. Names that somebody else claimed
 * meanwhile stay until their turn, and the claim then finds nothing.
 */
#include "runner/queue/queue.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/loop.h"
#include "job/job.h"
#include "runner/core/log.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/input.h"
#include "spool/join.h"
#include "spool/owner_name.h"
#include "spool/spool.h"
#include "spool/sweep.h"
#include "spool/walk.h"
#include "spool/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>


struct entry {
	char id[ID_LEN + 1];
	unsigned char priority, attempts;
};
struct owner {
	char name[OWNER_MAX];
	struct entry *heap;
	size_t n, cap;
	int wd_new, wd_cancel, wd_in;
	char examined[ID_LEN + 1]; /* waiting jobs up to this id were looked through for start_within */
};
struct expiring {
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int64_t at_us;
};

static struct spool *spool;
static struct loop *loop;
static struct owner *owners;
static size_t nowners, cap_owners, turn;
static struct watch inotify = { .fd = -1 };
static int wd_root = -1;
static struct timer again; /* an owner's folder was seen before its new/ was there */
static int again_left;
static struct expiring *expiring; /* few: most jobs wait as long as it takes */
static size_t nexpiring, cap_expiring;
enum { AGAIN_US = 20000, AGAIN_TIMES = 50, EXAMINE_FILES = 200, EXAMINE_BYTES = 4 << 20 };
static struct queue_ops on;
static int wd_join = -1;
static size_t most_waiting;  /* of one owner, in here */
enum { SCAN_WISHES = 1000 }; /* of one owner, at one look */

/* ---- the heap --------------------------------------------------------------- */

static int before(const struct entry *a, const struct entry *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return strcmp(a->id, b->id) < 0; /* UUIDs of version 7 sort by age */
}

static void sift_up(struct owner *o, size_t i)
{
	while (i && before(&o->heap[i], &o->heap[(i - 1) / 2])) {
		struct entry t = o->heap[i];

		o->heap[i] = o->heap[(i - 1) / 2];
		o->heap[(i - 1) / 2] = t;
		i = (i - 1) / 2;
	}
}

static void sift_down(struct owner *o, size_t i)
{
	for (;;) {
		size_t c = 2 * i + 1;
		struct entry t = o->heap[i];

		if (c >= o->n)
			return;
		if (c + 1 < o->n && before(&o->heap[c + 1], &o->heap[c]))
			c++;
		if (!before(&o->heap[c], &o->heap[i]))
			return;
		o->heap[i] = o->heap[c];
		o->heap[c] = t;
		i = c;
	}
}

static void heap_remove(struct owner *o, size_t i)
{
	o->heap[i] = o->heap[--o->n];
	if (i < o->n) {
		sift_up(o, i);
		sift_down(o, i);
	}
}

static int heap_add(struct owner *o, const char *id, int priority, int attempts)
{
	struct entry *e;

	if (o->n >= most_waiting)
		return 1;
	if (o->n == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 16;

		e = realloc(o->heap, cap * sizeof(*e));
		if (!e)
			return -1; /* the next scan finds it again */
		o->heap = e;
		o->cap = cap;
	}
	e = &o->heap[o->n];
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->priority = (unsigned char)priority;
	e->attempts = (unsigned char)attempts;
	sift_up(o, o->n++);
	return 0;
}

/* ---- owners ------------------------------------------------------------------- */

static struct owner *owner_find(const char *name)
{
	for (size_t i = 0; i < nowners; i++)
		if (strcmp(owners[i].name, name) == 0)
			return &owners[i];
	return NULL;
}

static struct owner *owner_get(const char *name)
{
	struct owner *o = owner_find(name);

	if (!o) {
		if (nowners == cap_owners) {
			size_t cap = cap_owners ? cap_owners * 2 : 8;

			o = realloc(owners, cap * sizeof(*o));
			if (!o)
				return NULL;
			owners = o;
			cap_owners = cap;
		}
		o = &owners[nowners++];
		memset(o, 0, sizeof(*o));
		snprintf(o->name, sizeof(o->name), "%s", name);
		o->wd_new = o->wd_cancel = o->wd_in = -1;
	}
	if (o->wd_new < 0)
		o->wd_new = spool_watch(spool, inotify.fd, name, WATCH_NEW);
	if (o->wd_cancel < 0)
		o->wd_cancel = spool_watch(spool, inotify.fd, name, WATCH_CANCEL);
	if (o->wd_in < 0)
		o->wd_in = spool_watch(spool, inotify.fd, name, WATCH_INPUT);
	return o;
}

/* ---- scanning ------------------------------------------------------------------- */

static int scan_job(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)owner;
	return heap_add(arg, id, priority, attempts);
}

/* Of anybody's wishes so many at a time: all of them would be a long while for everybody else. */
struct scan {
	const char *owner;
	int n;
};

static int scan_cancel(void *arg, const char *id)
{
	struct scan *s = arg;

	on.cancel(s->owner, id);
	return ++s->n >= SCAN_WISHES;
}

static int scan_removal(void *arg, const char *id)
{
	struct scan *s = arg;

	on.removal(s->owner, id);
	return ++s->n >= SCAN_WISHES;
}

static int scan_input(void *arg, const char *name)
{
	struct scan *s = arg;

	on.input(s->owner, name);
	return ++s->n >= SCAN_WISHES;
}

static int scan_join(void *unused, const char *name)
{
	(void)unused;
	on.join(name);
	return 0;
}

static int scan_owner(void *unused, const char *name)
{
	struct owner *o = owner_get(name);
	char copy[OWNER_MAX];

	(void)unused;
	if (!o)
		return 0;
	if ((o->wd_new < 0 || o->wd_cancel < 0) && again_left > 0 && !again.at) {
		again_left--;
		loop_timer(&again, mono_us() + AGAIN_US);
	}
	o->n = 0;
	spool_sweep(spool, name);
	spool_each_new(spool, name, scan_job, o);
	snprintf(copy, sizeof(copy), "%s", name);
	spool_each_cancel(spool, copy, scan_cancel, &(struct scan){ copy, 0 });
	if (spool->shared)
		spool_each_removal(spool, copy, scan_removal, &(struct scan){ copy, 0 });
	spool_each_input(spool, copy, scan_input, &(struct scan){ copy, 0 });
	return 0;
}

void queue_scan(void)
{
	if (spool->shared)
		join_each(spool, scan_join, NULL);
	spool_each_owner(spool, scan_owner, NULL);
	on.something_new();
}

static void scan_again(struct timer *t)
{
	(void)t;
	queue_scan();
}

/* ---- events ------------------------------------------------------------------------ */

static void name_event(struct owner *o, const char *name)
{
	char id[ID_LEN + 1];
	int priority, attempts;

	if (spool_event_new(name, id, &priority, &attempts))
		heap_add(o, id, priority, attempts);
}

static void cancel_event(const struct owner *o, const char *name)
{
	char id[ID_LEN + 1];
	bool removal;

	if (!spool_event_cancel(name, id, &removal))
		return;
	if (!removal)
		on.cancel(o->name, id);
	else if (spool->shared)
		on.removal(o->name, id);
}

static void one_event(const struct inotify_event *ev)
{
	if (ev->wd == wd_join && ev->len) {
		on.join(ev->name);
		return;
	}
	if (ev->wd == wd_root && ev->len) {
		again_left = AGAIN_TIMES;
		if (spool_owner_valid(ev->name))
			scan_owner(NULL, ev->name);
		return;
	}
	for (size_t i = 0; i < nowners && ev->len; i++) {
		if (ev->wd == owners[i].wd_new)
			name_event(&owners[i], ev->name);
		else if (ev->wd == owners[i].wd_cancel)
			cancel_event(&owners[i], ev->name);
		else if (ev->wd == owners[i].wd_in)
			on.input(owners[i].name, ev->name);
	}
}

static void events_ready(struct watch *w, uint32_t events)
{
	static _Alignas(struct inotify_event) char bytes[65536];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));
	bool lost = false;

	(void)events;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const void *)(bytes + at);

		lost |= ev->mask & IN_Q_OVERFLOW;
		one_event(ev);
		at += (ssize_t)(sizeof(*ev) + ev->len);
	}
	if (lost)
		queue_scan();
	else
		on.something_new();
}

int queue_init(struct loop *l, struct spool *s, const char *path, const struct queue_ops *ops, size_t most,
	       struct cee_err *e)
{
	loop = l;
	spool = s;
	on = *ops;
	most_waiting = most;
	timer_init(&again, loop, scan_again);
	inotify.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inotify.ready = events_ready;
	if (inotify.fd < 0 || loop_watch(loop, &inotify, EPOLLIN) < 0) {
		if (inotify.fd >= 0)
			return cee_fail(e, errno, "epoll: %s", strerror(errno));
		log_event("start", "trouble", "no inotify instance; looking on the timer instead", "remedy",
			  "raise fs.inotify.max_user_instances", NULL);
		return 0;
	}
	wd_root = spool_watch(s, inotify.fd, NULL, WATCH_OWNERS);
	if (s->shared)
		wd_join = spool_watch(s, inotify.fd, NULL, WATCH_REQUESTS);
	return wd_root < 0 ? cee_fail(e, errno, "%s: cannot watch: %s", path, strerror(errno)) : 0;
}

bool queue_blind(void)
{
	return inotify.fd < 0;
}

void queue_release(void)
{
	for (size_t i = 0; i < nowners; i++)
		free(owners[i].heap);
	free(owners);
	free(expiring);
	close_ptr(&inotify.fd);
}

/* ---- choosing ------------------------------------------------------------------------- */

static void hand_out(struct owner *o, size_t i, struct queued *q)
{
	struct entry e = o->heap[i];

	heap_remove(o, i);
	snprintf(q->owner, sizeof(q->owner), "%s", o->name);
	memcpy(q->id, e.id, sizeof(q->id));
	q->priority = e.priority;
	q->attempts = e.attempts;
}

bool queue_next(struct queued *q)
{
	for (size_t i = 0; i < nowners; i++) {
		struct owner *o = &owners[(turn + i) % nowners];

		if (o->n) {
			turn = (turn + i + 1) % nowners;
			hand_out(o, 0, q);
			return true;
		}
	}
	return false;
}

bool queue_take(const char *owner, const char *id, struct queued *q)
{
	struct owner *o = owner_find(owner);

	for (size_t i = 0; o && i < o->n; i++)
		if (strcmp(o->heap[i].id, id) == 0) {
			hand_out(o, i, q);
			return true;
		}
	return false;
}

size_t queue_length(void)
{
	size_t n = 0;

	for (size_t i = 0; i < nowners; i++)
		n += owners[i].n;
	return n;
}

/* ---- start_within ------------------------------------------------------------------------ */

static void remember(const char *owner, const char *id, int64_t at_us)
{
	struct expiring *e = expiring;

	if (nexpiring == cap_expiring) {
		size_t cap = cap_expiring ? cap_expiring * 2 : 16;

		e = realloc(expiring, cap * sizeof(*e));
		if (!e)
			return; /* it is told when its turn comes */
		expiring = e;
		cap_expiring = cap;
	}
	e += nexpiring++;
	snprintf(e->owner, sizeof(e->owner), "%s", owner);
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->at_us = at_us;
}

/* Bytes read. The word is looked for first: few jobs need a parser. */
static size_t examine(const struct owner *o, const struct entry *e, size_t max_job)
{
	AUTO_BUF struct buf b = { 0 };
	struct job j;

	if (spool_read_waiting(spool, o->name, e->id, e->priority, e->attempts, max_job, &b) < 0 || !b.len || !memmem(b.data, b.len, "start_within", 12))
		return b.len;
	if (job_parse(&j, b.data, b.len, NULL) == 0) {
		if (j.start_within_us >= 0)
			remember(o->name, e->id, id_time_us(e->id) + j.start_within_us);
		job_release(&j);
	}
	return b.len;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->id, (*(struct entry *const *)b)->id);
}

/* The waiting jobs that were not looked at yet, oldest first; malloc'ed. */
static struct entry **not_examined(struct owner *o, size_t *n)
{
	struct entry **v = NULL;

	*n = 0;
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->heap[i].id, o->examined) <= 0)
			continue;
		if (!v && !(v = malloc(o->n * sizeof(struct entry *))))
			return NULL;
		v[(*n)++] = &o->heap[i];
	}
	if (v)
		qsort(v, *n, sizeof(struct entry *), by_id);
	return v;
}

void queue_examine(size_t max_job)
{
	size_t files = 0, bytes = 0, n;

	for (size_t i = 0; i < nowners; i++) {
		struct entry **v = not_examined(&owners[i], &n);

		for (size_t k = 0; k < n && files < EXAMINE_FILES && bytes < EXAMINE_BYTES; k++, files++) {
			memcpy(owners[i].examined, v[k]->id, sizeof(v[k]->id));
			bytes += examine(&owners[i], v[k], max_job);
		}
		free(v);
	}
}

bool queue_expired(int64_t now, struct queued *q)
{
	for (size_t i = 0; i < nexpiring;) {
		struct expiring e = expiring[i];

		if (e.at_us >= now) {
			i++;
			continue;
		}
		expiring[i] = expiring[--nexpiring];
		if (queue_take(e.owner, e.id, q))
			return true; /* else it has begun in time, or was cancelled */
	}
	return false;
}
