/* watch.h - inotify watches on what a runner reads of the spool
 *
 * An event is a hint: the name that it carries may be gone by now, and what is there is learnt by walking (walk.h,
 * cancel.h, input.h, join.h).
 */
#ifndef CEE_SPOOL_WATCH_H
#define CEE_SPOOL_WATCH_H

#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>

enum spool_watch {
	WATCH_OWNERS,	/* the head of the spool: owners come */
	WATCH_REQUESTS, /* join: of a shared spool */
	WATCH_NEW,	/* of an owner: jobs are submitted */
	WATCH_CANCEL,	/* of an owner: requests for cancelling or removing jobs */
	WATCH_INPUT	/* of an owner: input comes, also while a file grows */
};
/* Adds the watch to an inotify instance; owner is NULL for the first two. The watch descriptor, or -1. */
int spool_watch(struct spool *s, int inotify, const char *owner, enum spool_watch what);

/* The names of events, which may be anything: false for those that are not of a job. The names of WATCH_OWNERS are
 * owners (spool_owner_valid), those of WATCH_REQUESTS and WATCH_INPUT are for join.h and input.h. */
bool spool_event_new(const char *name, char id[ID_LEN + 1], int *priority, int *attempts);
/* *removal: it asks for the removal of a job, of a shared spool; else for its end. */
bool spool_event_cancel(const char *name, char id[ID_LEN + 1], bool *removal);

#endif
