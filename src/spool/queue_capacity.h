/* queue_capacity.h - waiting for room in a queue */
#ifndef CEE_SPOOL_QUEUE_CAPACITY_H
#define CEE_SPOOL_QUEUE_CAPACITY_H

#include "spool/spool.h"

#include <stdint.h>

struct queue_capacity {
	int inotify, new;
	int64_t n;
};
void queue_capacity_init(struct queue_capacity *r);
void queue_capacity_release(struct queue_capacity *r);
/* Sleeps until fewer than max jobs of owner are queued. 1: there is room; 0: timeout_ms has passed (-1: unlimited); -1:
 * EINTR a signal came, or another errno. */
int queue_capacity_wait(struct queue_capacity *r, struct spool *s, const char *owner, int64_t max, int timeout_ms);

#endif
