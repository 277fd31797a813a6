/* loop.c - the one epoll of the runner
 *
 * Deadlines live in data: loop_once looks for the earliest and waits no longer.
 * There are a few timers for each running job, so a list is enough. What a
 * handler drops is released after the batch, since a later event of the batch
 * may still point at it.
 */
#include "runner/core/loop.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>


static int epoll_fd = -1;
static struct timer *timers;
static struct doomed *doomed;

int loop_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -1 : 0;
}

void loop_release(void)
{
	close_ptr(&epoll_fd);
	epoll_fd = -1;
}

int loop_watch(struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &e);
}

void loop_change(struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = w };

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &e);
}

void loop_unwatch(struct watch *w)
{
	if (w->fd >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

void loop_timer(struct timer *t, int64_t at)
{
	struct timer **p = &timers;

	while (*p && *p != t)
		p = &(*p)->next;
	if (at && !*p) {
		t->next = timers;
		timers = t;
	} else if (!at && *p) {
		*p = t->next;
	}
	t->at = at;
}

void loop_doom(void (*release)(void *), void *p)
{
	struct doomed *d = malloc(sizeof(*d));

	if (!d)
		return; /* a leak is better than a use after free */
	*d = (struct doomed){ .release = release, .p = p, .next = doomed };
	doomed = d;
}

static void release_doomed(void)
{
	while (doomed) {
		struct doomed *d = doomed;

		doomed = d->next;
		d->release(d->p);
		free(d);
	}
}

/* Milliseconds until the earliest timer, rounded up; -1 for ever. */
static int wait_ms(void)
{
	int64_t earliest = 0, left;

	for (struct timer *t = timers; t; t = t->next)
		if (!earliest || t->at < earliest)
			earliest = t->at;
	if (!earliest)
		return -1;
	left = earliest - mono_us();
	return left <= 0 ? 0 : left > 3600000000LL ? 3600000 : (int)((left + 999) / 1000);
}

static void fire_due(void)
{
	int64_t now = mono_us();
	bool again;

	do { /* a handler may change the list: begin again after each */
		again = false;
		for (struct timer *t = timers; t; t = t->next)
			if (t->at <= now) {
				loop_timer(t, 0);
				t->fire(t);
				again = true;
				break;
			}
	} while (again);
}

void loop_once(void)
{
	struct epoll_event ev[64];
	int n = epoll_wait(epoll_fd, ev, 64, wait_ms());

	for (int i = 0; i < n; i++) {
		struct watch *w = ev[i].data.ptr;

		if (w->fd >= 0) /* not dropped by an earlier handler of this batch */
			w->ready(w, ev[i].events);
	}
	fire_due();
	release_doomed();
}
