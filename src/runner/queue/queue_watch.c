/* queue_watch.c - one inotify instance; a table from watch descriptors to directories */
#include "runner/queue/queue_watch.h"
#include "base/fd.h"
#include "base/loop.h"
#include "spool/spool.h"
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

struct watched {
	int wd;
	enum spool_watch dir;
	size_t owner;
};

static void *grown(void *v, size_t *n, size_t index, size_t size)
{
	size_t more = index + 1 > 2 * *n ? index + 1 : 2 * *n;
	char *p = index < *n ? v : realloc(v, more * size);

	if (p && index >= *n) {
		memset(p + *n * size, 0, (more - *n) * size);
		*n = more;
	}
	return p;
}

/* The place of wd, or where it belongs. Watch descriptors rise, so a new one belongs to the end. */
static size_t place_of(const struct queue_watch *w, int wd)
{
	size_t low = 0, high = w->nwatched;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (w->watched[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct watched *find(const struct queue_watch *w, int wd)
{
	size_t i = place_of(w, wd);

	return i < w->nwatched && w->watched[i].wd == wd ? &w->watched[i] : NULL;
}

static int add(struct queue_watch *w, enum spool_watch dir, size_t owner, const char *owner_name)
{
	int wd = spool_watch(w->spool, w->inotify.fd, owner_name, dir);
	struct watched *v;
	size_t i;

	if (wd < 0)
		return -1;
	if ((v = find(w, wd))) {
		*v = (struct watched){ .wd = wd, .dir = dir, .owner = owner };
		return 0;
	}
	if (w->nwatched == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;

		if (!(v = realloc(w->watched, cap * sizeof *v)))
			return -1;
		w->watched = v;
		w->cap = cap;
	}
	i = place_of(w, wd);
	memmove(w->watched + i + 1, w->watched + i, (w->nwatched - i) * sizeof *w->watched);
	w->watched[i] = (struct watched){ .wd = wd, .dir = dir, .owner = owner };
	w->nwatched++;
	return 0;
}

/* The kernel has ended a watch, since its directory was removed: the next scan watches the one that was made anew. */
static void ended(struct queue_watch *w, struct watched *v)
{
	if (v->dir >= WATCH_NEW && v->owner < w->nhas)
		w->has[v->owner] &= (unsigned char)~(1 << v->dir);
	w->nwatched--;
	memmove(v, v + 1, (w->nwatched - (size_t)(v - w->watched)) * sizeof *v);
}

void queue_watch_forget(struct queue_watch *w, size_t owner)
{
	size_t n = 0;

	for (size_t i = 0; i < w->nwatched; i++)
		if (w->watched[i].dir >= WATCH_NEW && w->watched[i].owner == owner)
			inotify_rm_watch(w->inotify.fd, w->watched[i].wd);
		else
			w->watched[n++] = w->watched[i];
	w->nwatched = n;
	if (owner < w->nhas)
		w->has[owner] = 0;
}

static void ready(struct watch *inotify, uint32_t events)
{
	struct queue_watch *w = (struct queue_watch *)((char *)inotify - offsetof(struct queue_watch, inotify));
	_Alignas(struct inotify_event) char bytes[16384];
	ssize_t n = read(inotify->fd, bytes, sizeof(bytes));
	bool lost = false;

	(void)events;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *e = (const void *)(bytes + at);
		struct watched *v = find(w, e->wd);

		lost |= e->mask & IN_Q_OVERFLOW;
		if (v && e->mask & IN_IGNORED)
			ended(w, v);
		else if (v && e->len)
			w->ops.event(w->ops.arg, v->dir, v->owner, e->name);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	w->ops.batch(w->ops.arg, lost);
}

int queue_watch_init(struct queue_watch *w, struct loop *l, struct spool *s, const struct queue_watch_ops *ops)
{
	*w = (struct queue_watch){ .spool = s, .ops = *ops };
	w->inotify.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	w->inotify.ready = ready;
	return w->inotify.fd >= 0 ? loop_watch(l, &w->inotify, EPOLLIN) : 0;
}

void queue_watch_release(struct queue_watch *w)
{
	loop_unwatch(&w->inotify);
	close_ptr(&w->inotify.fd);
	w->inotify.fd = -1;
	free(w->watched);
	free(w->has);
	w->watched = NULL;
	w->has = NULL;
}

bool queue_watch_blind(const struct queue_watch *w)
{
	return w->inotify.fd < 0;
}

int queue_watch_root(struct queue_watch *w, bool shared)
{
	if (queue_watch_blind(w))
		return 0;
	if (shared)
		add(w, WATCH_REQUESTS, 0, NULL);
	return add(w, WATCH_OWNERS, 0, NULL);
}

bool queue_watch_owner(struct queue_watch *w, size_t owner, const char *name)
{
	enum { WANTED = 1 << WATCH_NEW | 1 << WATCH_CANCEL };
	unsigned char *has = queue_watch_blind(w) ? NULL : grown(w->has, &w->nhas, owner, 1);

	if (!has)
		return true; /* the scans work without it */
	w->has = has;
	for (enum spool_watch d = WATCH_NEW; d <= WATCH_INPUT; d++)
		if (!(has[owner] & 1 << d) && add(w, d, owner, name) == 0)
			has[owner] |= (unsigned char)(1 << d);
	return (has[owner] & WANTED) == WANTED;
}
