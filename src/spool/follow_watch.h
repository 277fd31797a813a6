/* follow_watch.h - the inotify watches of one followed job (private to follow.c) */
#ifndef CEE_SPOOL_FOLLOW_WATCH_H
#define CEE_SPOOL_FOLLOW_WATCH_H

#include "spool/follow.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>

enum { FOLLOW_NEW_NAME = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR };

/* False if the caller wants no watches, if inotify has failed, or if the job has ended. */
bool follow_wants_watch(const struct follow *f);
/* Creates the inotify instance if the caller wants watches and there is no instance yet; if that fails, the job is
 * polled. */
void follow_watch_begin(struct follow *f);
/* Watches the file that fd refers to, unless *wd is a watch already. If that fails, the job is polled. */
void follow_watch_fd(struct follow *f, int fd, uint32_t mask, int *wd);
void follow_unwatch(struct follow *f, int *wd);
/* Reads the events, and marks in f what has to be read. */
void follow_read_events(struct follow *f);
/* Closes an instance without waiting for the kernel. */
void follow_watch_end(int inotify);

#endif
