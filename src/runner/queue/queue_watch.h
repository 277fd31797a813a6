/* queue_watch.h - inotify on the directories where jobs and requests appear
 *
 * Events are hints: the next scan finds the entries of lost ones. Without an inotify instance (for example at the
 * user's limit of instances) everything still works, by scans alone.
 */
#ifndef RUNNER_QUEUE_WATCH_H
#define RUNNER_QUEUE_WATCH_H

#include "base/loop.h"
#include "spool/spool.h"
#include "spool/watch.h"

#include <stdbool.h>
#include <stddef.h>

struct queue_watch_ops {
	/* name was created in that directory of that owner (a number chosen by the caller), or was written to (in/). */
	void (*event)(void *arg, enum spool_watch dir, size_t owner, const char *name);
	/* The end of a batch of events; lost: some were dropped, so a scan is needed. */
	void (*batch)(void *arg, bool lost);
	void *arg;
};
struct queue_watch {
	struct watch inotify;
	struct spool *spool; /* borrowed */
	struct queue_watch_ops ops;
	struct watched *watched; /* sorted by watch descriptor */
	size_t nwatched, cap;
	unsigned char *has; /* by owner: bits of the directories that are watched */
	size_t nhas;
};
/* -1 and errno; a missing inotify instance is not an error. */
int queue_watch_init(struct queue_watch *w, struct loop *l, struct spool *s, const struct queue_watch_ops *ops);
void queue_watch_release(struct queue_watch *w);
bool queue_watch_blind(const struct queue_watch *w); /* there is no inotify instance */
/* The spool itself, and join/ in a shared one. -1 errno. */
int queue_watch_root(struct queue_watch *w, bool shared);
/* Watches an owner's directories that are not watched yet. False: new/ or cancel/ does not exist yet. */
bool queue_watch_owner(struct queue_watch *w, size_t owner, const char *name);
/* Ends the watches of an owner whose number is given up. Watches of removed directories end by themselves. */
void queue_watch_forget(struct queue_watch *w, size_t owner);
#endif
