/* follow_many.c - following many jobs at once (follow_many.h)
 *
 * The rules kept here:
 *   - A queued job has begun when its directory appears: the buckets of out/ are watched,
 *     a few for any number of jobs, and the name in an event is the job's id.
 *   - A job that has begun has a struct follow without watches of its own; this file watches
 *     the directories of the job and of its attempt, and the index, with one instance. After any
 *     event on these, all begun jobs are checked: there are at most as many as the runners have slots.
 *   - A watch is set before the watched file is read. inotify is only a hint: all jobs are
 *     checked again by the clock, queued jobs a few at a time.
 */
#include "spool/follow_many.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/ids.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct follow_bucket { /* a bucket of out/, watched for the directories of new jobs */
	char name[LAYOUT_BUCKET + 1];
	int wd;
};


enum { SLOW_AT_ONCE = 500, GONE_AFTER = 2 };
#define NEW_NAME (IN_CREATE | IN_MOVED_TO)

void follow_many_init(struct follow_many *c, struct spool *s, const char *owner, const struct follow_many_ops *ops,
		      void *arg)
{
	*c = (struct follow_many){ .s = s, .ops = ops, .arg = arg, .wd_out = -1, .look = true };
	snprintf(c->owner, sizeof c->owner, "%s", owner);
	c->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	c->blind = c->inotify < 0;
	c->slow_us = mono_us() + FOLLOW_SLOW_MS * 1000;
}

/* ---- watches ------------------------------------------------------------------------ */

static int watch_fd(struct follow_many *c, int fd, uint32_t mask)
{
	char path[32];
	int wd;

	if (c->blind || fd < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	wd = inotify_add_watch(c->inotify, path, mask);
	if (wd < 0)
		c->blind = true;
	return wd;
}

static void unwatch(struct follow_many *c, int *wd)
{
	if (*wd >= 0)
		inotify_rm_watch(c->inotify, *wd);
	*wd = -1;
}

static struct follow_bucket *bucket_of(struct follow_many *c, const char *id)
{
	struct follow_bucket *b;
	char name[LAYOUT_BUCKET + 1];

	layout_bucket_of(name, id);
	for (size_t i = c->nbuckets; i-- > 0;)
		if (strcmp(c->buckets[i].name, name) == 0)
			return &c->buckets[i];
	if (!(b = realloc(c->buckets, (c->nbuckets + 1) * sizeof *b)))
		return NULL; /* without a bucket the job is checked by the clock */
	c->buckets = b;
	b += c->nbuckets++;
	layout_bucket_of(b->name, id);
	b->wd = -1;
	return b;
}

/* Watches out/ too, so that a bucket that does not exist yet is noticed. */
static void watch_bucket(struct follow_many *c, struct follow_bucket *b)
{
	AUTO_CLOSE int out = -1, fd = -1;

	if (c->blind || b->wd >= 0)
		return;
	if ((out = place_part(c->s, c->owner, PART_OUT)) < 0)
		return;
	if (c->wd_out < 0)
		c->wd_out = watch_fd(c, out, NEW_NAME);
	fd = dir_open(out, b->name);
	b->wd = watch_fd(c, fd, NEW_NAME);
}

/* True if a watch was added: the caller must then look again for earlier changes. */
static bool watch_one(struct follow_many *c, struct followed *m)
{
	bool added = false;

	if (m->wd_dir < 0 && (m->wd_dir = watch_fd(c, m->f->dir, NEW_NAME)) >= 0)
		added = true;
	if (m->attempt != m->f->attempt) {
		unwatch(c, &m->wd_attempt);
		unwatch(c, &m->wd_index);
		m->attempt = m->f->attempt;
	}
	if (m->wd_index < 0 && m->f->index >= 0) {
		unwatch(c, &m->wd_attempt);
		added |= (m->wd_index = watch_fd(c, m->f->index, IN_MODIFY)) >= 0;
	} else if (m->wd_index < 0 && m->wd_attempt < 0 && m->f->attempt_dir >= 0) {
		added |= (m->wd_attempt = watch_fd(c, m->f->attempt_dir, NEW_NAME)) >= 0;
	}
	return added;
}

/* ---- members --------------------------------------------------------------------------- */

int follow_many_add(struct follow_many *c, const char *id)
{
	int r = ids_add(&c->ids, id);

	if (r <= 0)
		return r;
	if (c->ids.cap > c->cap) {
		struct followed *m = realloc(c->m, c->ids.cap * sizeof *m);

		if (!m)
			return -1; /* the caller gives up */
		c->m = m;
		c->cap = c->ids.cap;
	}
	c->m[c->ids.n - 1] = (struct followed){ .look = true, .wd_dir = -1, .wd_attempt = -1, .wd_index = -1 };
	c->left++;
	c->look = true;
	return 1;
}

static void followed_release(struct follow_many *c, struct followed *m)
{
	unwatch(c, &m->wd_dir);
	unwatch(c, &m->wd_attempt);
	unwatch(c, &m->wd_index);
	if (m->f)
		follow_release(m->f);
	free(m->f);
	m->f = NULL;
}

static void followed_end(struct follow_many *c, size_t i, const struct cee_err *e)
{
	struct followed *m = &c->m[i];

	c->begun -= m->state == FOLLOWED_BEGUN;
	c->left--;
	m->state = FOLLOWED_ENDED;
	c->ops->ended(c->arg, i, e ? NULL : &m->f->result, e);
	followed_release(c, m);
	while (c->first < c->ids.n && c->m[c->first].state == FOLLOWED_ENDED)
		c->first++;
}

void follow_many_release(struct follow_many *c)
{
	for (size_t i = c->first; i < c->ids.n; i++)
		followed_release(c, &c->m[i]);
	ids_release(&c->ids);
	free(c->m);
	free(c->buckets);
	close_ptr(&c->inotify);
}

struct tramp {
	struct follow_many *c;
	size_t i;
};

static int give(void *arg, const struct follow_item *it)
{
	struct tramp *t = arg;

	return t->c->ops->item ? t->c->ops->item(t->c->arg, t->i, it) : 0;
}

/* Reads a job that has begun. -1: the callback item returned not 0. */
static int read_one(struct follow_many *c, size_t i)
{
	struct followed *m = &c->m[i];
	struct tramp t = { c, i };
	struct cee_err e = { 0 };
	int r;

	do {
		m->f->look_dir = m->f->look_index = true;
		r = follow_step(m->f, give, &t, &e);
	} while (r == 0 && watch_one(c, m));
	if (r < 0 && errno == ECANCELED)
		return -1;
	if (r != 0)
		followed_end(c, i, r < 0 ? &e : NULL);
	return 0;
}

static int look_one(struct follow_many *c, size_t i)
{
	struct followed *m = &c->m[i];
	AUTO_CLOSE int dir = -1;

	m->look = false;
	if (m->state == FOLLOWED_BEGUN)
		return read_one(c, i);
	{
		struct follow_bucket *b = bucket_of(c, c->ids.v[i]);

		if (b)
			watch_bucket(c, b);
	}
	if ((dir = place_out(c->s, c->owner, c->ids.v[i])) < 0)
		return 0;
	if (!(m->f = calloc(1, sizeof *m->f)))
		return 0; /* the next check tries again */
	follow_init(m->f, c->s, false);
	m->f->result_only = !c->ops->item;
	follow_job(m->f, c->owner, c->ids.v[i]);
	m->state = FOLLOWED_BEGUN;
	c->begun++;
	return read_one(c, i);
}

int follow_many_step(struct follow_many *c)
{
	if (!c->look)
		return 0;
	c->look = false;
	for (size_t i = c->first; i < c->ids.n; i++)
		if (c->m[i].look && c->m[i].state != FOLLOWED_ENDED && look_one(c, i) < 0)
			return -1;
	return 0;
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void look_at(struct follow_many *c, enum followed_state state)
{
	for (size_t i = c->first; i < c->ids.n; i++)
		c->m[i].look |= c->m[i].state == state;
	c->look = true;
}

static void note_event(struct follow_many *c, const struct inotify_event *ev)
{
	ssize_t i;

	if (ev->mask & IN_Q_OVERFLOW) {
		look_at(c, FOLLOWED_WAITING);
		look_at(c, FOLLOWED_BEGUN);
	} else if (ev->wd == c->wd_out) {
		look_at(c, FOLLOWED_WAITING); /* a new bucket appeared: this happens about every 17 minutes */
	} else if (ev->len && id_valid(ev->name)) {
		if ((i = ids_find(&c->ids, ev->name)) < 0)
			return;
		c->m[i].look = true;
		c->look = true;
	} else {
		look_at(c, FOLLOWED_BEGUN);
	}
}

static void read_events(struct follow_many *c)
{
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (c->inotify >= 0 && (n = read(c->inotify, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const void *)p;

			note_event(c, ev);
			p += sizeof *ev + ev->len;
		}
}

/* Does the job still exist anywhere? */
static void check_there(struct follow_many *c, size_t i)
{
	struct spool_where w;
	struct cee_err e = { 0 };

	if (spool_find(c->s, c->owner, c->ids.v[i], &w, &e) == 0 || errno != ENOENT)
		c->m[i].misses = 0;
	else if (++c->m[i].misses >= GONE_AFTER)
		followed_end(c, i, &e);
}

static void slow_look(struct follow_many *c)
{
	size_t n = c->ids.n - c->first < SLOW_AT_ONCE ? c->ids.n - c->first : SLOW_AT_ONCE;
	bool there = mono_us() >= c->there_us;

	if (there)
		c->there_us = mono_us() + FOLLOW_SLOW_MS * 1000;
	look_at(c, FOLLOWED_BEGUN);
	for (; n > 0; n--, c->turn++) {
		if (c->turn >= c->ids.n || c->turn < c->first)
			c->turn = c->first;
		if (c->turn >= c->ids.n)
			break;
		c->m[c->turn].look = true;
		if (c->m[c->turn].state != FOLLOWED_ENDED && there)
			check_there(c, c->turn);
	}
	c->slow_us = mono_us() + (c->blind ? FOLLOW_BLIND_MS : FOLLOW_SLOW_MS) * 1000;
}

int follow_many_wait(struct follow_many *c, int timeout_ms, struct pollfd *more, int nmore)
{
	struct pollfd p[1 + FOLLOW_MORE];
	int64_t slow = (c->slow_us - mono_us() + 999) / 1000;
	int wait = slow < 0 ? 0 : (int)slow, result = 0;

	if (c->blind && wait > FOLLOW_BLIND_MS)
		wait = FOLLOW_BLIND_MS;
	if (timeout_ms >= 0 && timeout_ms < wait)
		wait = timeout_ms;
	p[0] = (struct pollfd){ .fd = c->inotify, .events = POLLIN };
	for (int i = 0; i < nmore; i++)
		p[1 + i] = more[i];
	if (poll(p, (nfds_t)(1 + nmore), c->look ? 0 : wait) < 0)
		return -1;
	for (int i = 0; i < nmore; i++) {
		more[i].revents = p[1 + i].revents;
		if (more[i].revents)
			result = 2;
	}
	if (p[0].revents)
		read_events(c);
	if (mono_us() >= c->slow_us)
		slow_look(c);
	return result ? result : c->look;
}
