/* queue_capacity.h - waiting until a queue has room */
#ifndef CEE_SPOOL_QUEUE_CAPACITY_H
#define CEE_SPOOL_QUEUE_CAPACITY_H

#include "spool/spool.h"

#include <stdint.h>

struct room {
	int inotify, new;
	int64_t n;
};
void room_init(struct room *r);
void room_release(struct room *r);
/* Sleeps until fewer than max jobs of owner wait: 1; 0 not within timeout_ms (-1 for ever); -1, EINTR when a signal came. */
int room_wait(struct room *r, struct spool *s, const char *owner, int64_t max, int timeout_ms);

#endif
