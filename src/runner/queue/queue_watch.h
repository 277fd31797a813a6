/* queue_watch.h - inotify on the directories where jobs and requests appear
 *
 * Events are hints: the next scan finds the entries of lost ones. Without an inotify instance (the user has
 * too many) everything works, by scans alone.
 */
#ifndef RUNNER_QUEUE_WATCH_H
#define RUNNER_QUEUE_WATCH_H

#include "base/loop.h"
#include "spool/spool.h"
#include "spool/watch.h"

#include <stdbool.h>
#include <stddef.h>

struct queue_watch_ops {
	/* name appeared in that directory of that owner (a number of the caller's), or was written to (in/). */
	void (*event)(void *arg, enum spool_watch dir, size_t owner, const char *name);
	/* A batch of events is through; lost: some were dropped, scan. */
	void (*batch)(void *arg, bool lost);
	void *arg;
};
struct queue_watch {
	struct watch inotify;
	struct spool *spool; /* borrowed */
	struct queue_watch_ops ops;
	struct watched *watched; /* by watch descriptor */
	size_t nwatched;
	unsigned char *has; /* by owner: bits of the directories that are watched */
	size_t nhas;
};
/* -1 and errno: not from an absent inotify instance. */
int queue_watch_init(struct queue_watch *w, struct loop *l, struct spool *s, const struct queue_watch_ops *ops);
void queue_watch_release(struct queue_watch *w);
bool queue_watch_blind(const struct queue_watch *w); /* there is no inotify instance */
/* The spool itself, and join/ in a shared one. -1 errno. */
int queue_watch_root(struct queue_watch *w, bool shared);
/* An owner's directories, those that are not watched yet. False: new/ or cancel/ is not there yet. */
bool queue_watch_owner(struct queue_watch *w, size_t owner, const char *name);
#endif
