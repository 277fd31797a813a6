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
	enum spool_watch dir;
	bool used;
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

static int add(struct queue_watch *w, enum spool_watch dir, size_t owner, const char *owner_name)
{
	int wd = spool_watch(w->spool, w->inotify.fd, owner_name, dir);
	struct watched *v;

	if (wd < 0)
		return -1;
	v = grown(w->watched, &w->nwatched, (size_t)wd, sizeof(*v));
	if (!v)
		return -1;
	w->watched = v;
	v[wd] = (struct watched){ .dir = dir, .owner = owner, .used = true };
	return 0;
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

		lost |= e->mask & IN_Q_OVERFLOW;
		if (e->len && e->wd >= 0 && (size_t)e->wd < w->nwatched && w->watched[e->wd].used)
			w->ops.event(w->ops.arg, w->watched[e->wd].dir, w->watched[e->wd].owner, e->name);
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
