/* queue_capacity.c - waiting until an owner's queue has room (queue_capacity.h)
 *
 * While waiting, the process counts the events of new/ instead of reading the directory: a queue of 100,000 jobs
 * from which 300 jobs leave per second would otherwise be read 300 times a second. The directory is read when the
 * wait begins, when events were lost, and once a second; without inotify only by the clock. During the first second
 * the process waits for more than one free place, so that it can then submit several jobs without
 * counting for each.
 */
#include "spool/queue_capacity.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>


enum { RECOUNT_MS = 1000, BLIND_MS = 50, SLACK = 16 };

void queue_capacity_init(struct queue_capacity *r)
{
	*r = (struct queue_capacity){ .inotify = -1, .new = -1 };
}

void queue_capacity_release(struct queue_capacity *r)
{
	close_ptr(&r->inotify);
	close_ptr(&r->new);
	queue_capacity_init(r);
}

static int64_t count(int new)
{
	DIR *d = dir_list(new, ".");
	int64_t n = 0;

	if (!d)
		return -1;
	while (dir_next(d))
		n++;
	closedir(d);
	return n;
}

static void watch(struct queue_capacity *r)
{
	char path[32];

	r->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify < 0)
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", r->new);
	if (inotify_add_watch(r->inotify, path, IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) < 0)
		close_ptr(&r->inotify);
	if (r->inotify < 0)
		r->inotify = -1;
}

/* Updates the count from the pending events; true if events were lost and the count is unreliable. */
static bool take_events(struct queue_capacity *r)
{
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool lost = false;
	ssize_t n;

	while (r->inotify >= 0 && (n = read(r->inotify, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			const struct inotify_event *ev = (const void *)p;

			lost |= ev->mask & IN_Q_OVERFLOW;
			r->n += ev->mask & (IN_CREATE | IN_MOVED_TO) ? 1 : -1;
			p += sizeof *ev + ev->len;
		}
	return lost;
}

static int recount(struct queue_capacity *r)
{
	take_events(r); /* discard earlier events: the directory is counted anew */
	r->n = count(r->new);
	return r->n < 0 ? -1 : 0;
}

static int wait_for(int64_t until, int most)
{
	int64_t left = until < 0 ? most : (until - mono_us() + 999) / 1000;

	return left < 0 ? 0 : left < most ? (int)left : most;
}

int queue_capacity_wait(struct queue_capacity *r, struct spool *s, const char *owner, int64_t max, int timeout_ms)
{
	int64_t now = mono_us(), begin = now, until = timeout_ms < 0 ? -1 : now + timeout_ms * INT64_C(1000);
	int64_t counted = now;

	if (r->new < 0) {
		if ((r->new = place_part(s, owner, PART_NEW)) < 0)
			return -1;
		watch(r);
	}
	if (recount(r) < 0)
		return -1;
	for (;; now = mono_us()) {
		struct pollfd p = { .fd = r->inotify, .events = POLLIN };
		int64_t slack = now - begin < RECOUNT_MS * 1000 ? max / SLACK : 0;

		if (r->n < max - slack)
			return 1;
		if (until >= 0 && now >= until)
			return 0;
		if (poll(&p, 1, wait_for(until, r->inotify < 0 ? BLIND_MS : RECOUNT_MS)) < 0)
			return -1;
		if (take_events(r) || r->inotify < 0 || mono_us() - counted > RECOUNT_MS * 1000) {
			if (recount(r) < 0)
				return -1;
			counted = mono_us();
		}
	}
}
