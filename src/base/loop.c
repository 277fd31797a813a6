/* loop.c - one epoll, its timers, and releases that wait for the end of a batch
 *
 * Timers are a list: loop_once looks for the earliest and waits until then. The runner has only a few
 * timers for each running job, so a list is enough. An object that a handler drops is released after
 * the batch, since a later event of the batch may still point to it.
 */
#include "base/loop.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 64, LONGEST_MS = 3600000 };

int loop_init(struct loop *l)
{
	*l = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	return l->epoll_fd < 0 ? -1 : 0;
}

static void release_doomed(struct loop *l)
{
	while (l->doomed) {
		struct doomed *d = l->doomed;

		l->doomed = d->next;
		d->release(d->p);
		free(d);
	}
}

void loop_release(struct loop *l)
{
	release_doomed(l);
	close_ptr(&l->epoll_fd);
	l->epoll_fd = -1;
}

int64_t loop_now(const struct loop *l)
{
	return l->held ? l->held : mono_us();
}

/* ---- descriptors ----------------------------------------------------------- */

int loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	w->loop = l;
	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, w->fd, &e);
}

void loop_change(struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_MOD, w->fd, &e);
}

void loop_unwatch(struct watch *w)
{
	if (w->fd >= 0 && w->loop)
		epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

/* ---- timers ------------------------------------------------------------------ */

void timer_init(struct timer *t, struct loop *l, void (*fire)(struct timer *t))
{
	*t = (struct timer){ .fire = fire, .loop = l };
}

void loop_timer(struct timer *t, int64_t at)
{
	struct timer **p;

	if (t->at == at)
		return;
	p = &t->loop->timers;
	while (*p && *p != t)
		p = &(*p)->next;
	if (at && !*p) {
		t->next = t->loop->timers;
		t->loop->timers = t;
	} else if (!at && *p) {
		*p = t->next;
	}
	t->at = at;
}

void loop_after(struct timer *t, int64_t us)
{
	loop_timer(t, loop_now(t->loop) + us);
}

static struct timer *earliest(const struct loop *l)
{
	struct timer *first = l->timers;

	for (struct timer *t = first; t; t = t->next)
		if (t->at < first->at)
			first = t;
	return first;
}

/* Milliseconds until the earliest timer, rounded up; -1 for ever. */
static int wait_ms(const struct loop *l)
{
	const struct timer *t = earliest(l);
	int64_t left;

	if (l->held)
		return 0;
	if (!t)
		return -1;
	left = t->at - loop_now(l);
	return left <= 0 ? 0 : left > LONGEST_MS * 1000LL ? LONGEST_MS : (int)((left + 999) / 1000);
}

static void fire_due(struct loop *l)
{
	int64_t now = loop_now(l);
	struct timer *t;

	while ((t = earliest(l)) && t->at <= now) { /* a handler may change the list: search it again each time */
		loop_timer(t, 0);
		t->fire(t);
	}
}

/* ---- a round -------------------------------------------------------------------- */

void loop_doom(struct loop *l, void (*release)(void *), void *p)
{
	struct doomed *d = malloc(sizeof(*d));

	if (!d)
		return; /* a leak is better than a use after free */
	*d = (struct doomed){ .release = release, .p = p, .next = l->doomed };
	l->doomed = d;
}

void loop_once(struct loop *l)
{
	struct epoll_event ev[BATCH];
	int n = epoll_wait(l->epoll_fd, ev, BATCH, wait_ms(l));

	for (int i = 0; i < n; i++) {
		struct watch *w = ev[i].data.ptr;

		if (w->fd >= 0) /* not dropped by an earlier handler of this batch */
			w->ready(w, ev[i].events);
	}
	fire_due(l);
	release_doomed(l);
}

/* ---- a clock for tests ------------------------------------------------------------- */

void loop_hold(struct loop *l)
{
	l->held = mono_us();
}

void loop_advance(struct loop *l, int64_t us)
{
	int64_t until = l->held + us;
	struct timer *t;

	while ((t = earliest(l)) && t->at <= until) {
		if (t->at > l->held)
			l->held = t->at;
		loop_once(l);
	}
	l->held = until;
	loop_once(l);
}
