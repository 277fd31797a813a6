/* watch.h - the runner's inotify watches on the spool
 *
 * An event is a hint: its entry may have been removed since, and the contents are found by walking (walk.h,
 * cancel.h, input.h, join.h).
 */
#ifndef CEE_SPOOL_WATCH_H
#define CEE_SPOOL_WATCH_H

#include "base/id.h"
#include "spool/spool.h"

#include <stdbool.h>

enum spool_watch {
	WATCH_OWNERS,	/* the head of the spool: new owners */
	WATCH_REQUESTS, /* join, in a shared spool */
	WATCH_NEW,	/* of an owner: new jobs */
	WATCH_CANCEL,	/* of an owner: requests to cancel or remove jobs */
	WATCH_INPUT	/* of an owner: new input, also when a file grows */
};
/* Adds the watch to an inotify instance; owner is NULL for the first two. Returns the watch descriptor, or -1. */
int spool_watch(struct spool *s, int inotify, const char *owner, enum spool_watch what);

/* Parse the name of an event, which may be any text; false: not the name of a job's entry. Names of WATCH_OWNERS are
 * owners (spool_owner_valid); those of WATCH_REQUESTS and WATCH_INPUT are parsed by join.h and input.h. */
bool spool_event_new(const char *name, char id[ID_LEN + 1], int *priority, int *attempts);
/* *removal: a request to remove a job (only in a shared spool), otherwise to cancel the job. */
bool spool_event_cancel(const char *name, char id[ID_LEN + 1], bool *removal);

#endif
