/* jobs.h - walking over an owner's jobs, wherever they are
 *
 * Ids begin with the time at which they were made, so "newer" and "older" are the order of the ids' text.
 * A walk is no snapshot: a job that moves meanwhile is met once, and one that comes or goes meanwhile
 * maybe not at all.
 */
#ifndef CEE_SPOOL_JOBS_H
#define CEE_SPOOL_JOBS_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* f gets an id; other than 0 ends the walk, which returns that. */
typedef int (*spool_id_fn)(void *arg, const char *id);

struct spool_range {
	bool newest_first;
	const char *before; /* only ids older than this one; NULL: all */
	int64_t since_us;   /* only jobs made then or later, microseconds since the epoch; 0: all */
};
/* Each job that waits, is claimed, or has begun or ended, once, in the order of their ids. Reads one bucket of
 * out/ at a time, so a walk that ends soon costs little. -1 ENOMEM. */
int spool_each_job(struct spool *s, const char *owner, const struct spool_range *range, spool_id_fn f, void *arg);

/* Each job that has begun or ended, buckets that began after until_us left out: oldest bucket first, and within
 * one in no order. f may remove the job. */
int spool_each_begun(struct spool *s, const char *owner, int64_t until_us, spool_id_fn f, void *arg);

/* Each job that a runner has claimed. */
struct spool_claimed {
	const char *id, *owner, *runner;
	int attempt;
	bool alive; /* the runner is */
};
typedef int (*spool_claimed_fn)(void *arg, const struct spool_claimed *job);
/* owner NULL: of all owners, which in a shared spool only root may list. */
int spool_each_claimed(struct spool *s, const char *owner, spool_claimed_fn f, void *arg);

#endif
