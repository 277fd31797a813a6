/* follow_many.h - following many jobs at once, in whatever order they run
 *
 * Used by cee-log --as-come and cee-stat --wait. It never prints and never exits. All jobs share one inotify
 * instance; only jobs that have begun and not ended hold descriptors, so thousands may be queued.
 *
 *     follow_many_init(&c, &spool, owner, &ops, arg);
 *     follow_many_add(&c, id) ...
 *     while (c.left > 0) {
 *             follow_many_step(&c);
 *             follow_many_wait(&c, -1, NULL, 0);
 *     }
 *     follow_many_release(&c);
 */
#ifndef CEE_SPOOL_FOLLOW_MANY_H
#define CEE_SPOOL_FOLLOW_MANY_H

#include "base/buf.h"
#include "base/error.h"
#include "spool/follow.h"
#include "spool/ids.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct follow_many_ops {
	/* Output of job i (of c->ids). NULL: only waits for the ends. A return value other than 0 ends the step. */
	int (*item)(void *arg, size_t i, const struct follow_item *it);
	/* Job i has ended and all its output was handed out; or the job cannot be followed (result is NULL, e says
	 * why). */
	void (*ended)(void *arg, size_t i, const struct buf *result, const struct cee_err *e);
};

enum followed_state { FOLLOWED_WAITING, FOLLOWED_BEGUN, FOLLOWED_ENDED };
struct followed {
	enum followed_state state;
	bool look;	  /* the job may have changed */
	int misses;	  /* consecutive slow looks that did not find the job */
	struct follow *f; /* of a job that has begun */
	int wd_dir, wd_attempt, wd_index, attempt;
};
struct follow_many {
	struct spool *s;
	char owner[OWNER_MAX];
	const struct follow_many_ops *ops;
	void *arg;
	struct ids ids;
	struct followed *m;	 /* as many as ids.cap */
	size_t cap, left, begun; /* left: jobs that have not ended; begun: how many of these have begun */
	size_t first;		 /* all jobs before this index have ended */
	size_t turn;		 /* where the next slow look continues */
	int inotify, wd_out;
	struct follow_bucket *buckets;
	size_t nbuckets;
	bool blind, look;
	int64_t slow_us, there_us; /* the time of the next slow look; of the next check whether jobs still exist */
};
void follow_many_init(struct follow_many *c, struct spool *s, const char *owner, const struct follow_many_ops *ops,
		      void *arg);
void follow_many_release(struct follow_many *c);
int follow_many_add(struct follow_many *c, const char *id); /* 1 added, 0 already in the list, -1 ENOMEM */
/* Handles all changes. -1: item returned not 0. */
int follow_many_step(struct follow_many *c);
/* Sleeps until there may be something new, for at most timeout_ms (-1: unlimited). 2: one of more[] (at most
 * FOLLOW_MORE) has revents. -1 EINTR: a signal came. */
int follow_many_wait(struct follow_many *c, int timeout_ms, struct pollfd *more, int nmore);

#endif
