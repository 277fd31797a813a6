/* follow_watch.h - the inotify watches of one followed job (private to follow.c) */
#ifndef CEE_SPOOL_FOLLOW_WATCH_H
#define CEE_SPOOL_FOLLOW_WATCH_H

#include "spool/follow.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>

enum { FOLLOW_NEW_NAME = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR };

/* False when the caller asked for none, when inotify has failed, and when the job has ended. */
bool follow_wants_watch(const struct follow *f);
/* Makes the instance where it is wanted and missing; when that fails the job is looked at by the clock. */
void follow_watch_begin(struct follow *f);
/* Watches what fd has open, unless *wd is a watch already. The same when it fails. */
void follow_watch_fd(struct follow *f, int fd, uint32_t mask, int *wd);
void follow_unwatch(struct follow *f, int *wd);
/* Takes what has come, and marks in f what is to be looked at. */
void follow_read_events(struct follow *f);
/* Closes an instance without waiting for the kernel. */
void follow_watch_end(int inotify);

#endif
