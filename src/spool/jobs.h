/* jobs.h - walking over an owner's jobs, wherever they are
 *
 * Ids begin with their time of creation, so "newer" and "older" refer to the order of the ids' text.
 * A walk is not a snapshot: a job that moves meanwhile is visited once, and one that is added or removed
 * meanwhile perhaps not at all.
 */
#ifndef CEE_SPOOL_JOBS_H
#define CEE_SPOOL_JOBS_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Called with an id; a return value other than 0 ends the walk, which returns that value. */
typedef int (*spool_id_fn)(void *arg, const char *id);

struct spool_range {
	bool newest_first;
	const char *before; /* only ids older than this id; NULL: all */
	int64_t since_us;   /* only jobs made then or later, microseconds since the epoch; 0: all */
};
/* Visits each job once, in any state, in the order of their ids. Reads one bucket of out/ at a time, so a walk that
 * ends early costs little. -1 ENOMEM. */
int spool_each_job(struct spool *s, const char *owner, const struct spool_range *range, spool_id_fn f, void *arg);

/* Visits each job that has begun or ended, except in buckets that began after until_us: oldest bucket first, within
 * a bucket in any order. f may remove the job. */
int spool_each_begun(struct spool *s, const char *owner, int64_t until_us, spool_id_fn f, void *arg);

/* A job that a runner has claimed. */
struct spool_claimed {
	const char *id, *owner, *runner;
	int attempt;
	bool alive; /* the runner is alive */
};
typedef int (*spool_claimed_fn)(void *arg, const struct spool_claimed *job);
/* owner NULL: all owners (in a shared spool only root can list them). */
int spool_each_claimed(struct spool *s, const char *owner, spool_claimed_fn f, void *arg);

#endif
