/* cleaner.h - a thread that removes what need not stay in the spool (spool/retention.h)
 *
 * It works in passes, at most a fifth of the time, so that jobs do not wait for it. Of several runners of a spool one
 * does so. The loop calls cleaner_tick every few seconds and logs what the last pass did.
 */
#ifndef RUNNER_CLEANER_H
#define RUNNER_CLEANER_H

#include "spool/kept.h"
#include "spool/retention.h"
#include "spool/spool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cleaner {
	struct spool spool;	    /* the thread's own: it shares the directory's descriptor */
	struct retention retention; /* the thread's */
	bool started;
	pthread_t thread;
	/* under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	struct retention_rules rules;
	struct kept total; /* bytes -1: not known, since another runner looks after the spool */
	long removed, owners;
	int64_t removed_bytes;
	char trouble[300];
};
/* s must outlive it. -1 and errno: nothing will be removed. */
int cleaner_init(struct cleaner *c, const struct spool *s, const struct retention_rules *rules);
/* Hands the rules on, and logs what was removed. The total is left in *kept. */
void cleaner_tick(struct cleaner *c, const struct retention_rules *rules, struct kept *kept);
/* Waits for the thread, which ends within one job's removal. */
void cleaner_release(struct cleaner *c);

#endif
