/* retention.h - removing finished jobs by age and by the bytes that their owner keeps, and owners without jobs
 *
 *     retention_init(&r, &spool, &rules, &ops);
 *     retention_pass(&r);      as often as you like: a bucket that has not changed is not read again
 *     retention_release(&r);
 *
 * What goes, of each owner:
 *   - jobs that have expired, by their results or else by keep_us;
 *   - while the owner keeps more than keep_bytes: the jobs that ended longest ago. A job that ended within
 *     RETENTION_YOUNG_US stays as long as its owner keeps at most twice keep_bytes, so that its result can be read;
 *     meanwhile submits are refused (submission.h);
 *   - groups and keys without jobs; an owner's directories, when they have had no job for owner_us.
 * Jobs that wait or run stay, and so does a job that its runner has not retired yet.
 *
 * One process at a time looks after a spool (retention_lock). A pass may be interrupted, and two at once do no harm.
 */
#ifndef CEE_SPOOL_RETENTION_H
#define CEE_SPOOL_RETENTION_H

#include "base/limit.h"
#include "spool/kept.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RETENTION_YOUNG_US INT64_C(3600000000)

struct retention_rules {
	int64_t keep_us;    /* of results that do not say when they expire; -1: for ever */
	int64_t older_us;   /* instead of all other rules: what ended longer ago than this goes; -1: not given */
	int64_t keep_bytes; /* of one owner; LIMIT_NONE: no bound */
	int64_t owner_us;   /* -1: owners stay */
	bool dry;	    /* remove nothing, only report */
};
struct retention_ops {
	/* Between two jobs. False: end the pass. NULL: never. */
	bool (*pause)(void *arg);
	/* what: job, group, key or owner. NULL: not told. */
	void (*removed)(void *arg, const char *owner, const char *what, const char *name);
	void (*failed)(void *arg, const char *text);
	void *arg;
};
struct kept_owner;
struct retention {
	struct spool *s;
	struct retention_rules rules;
	struct retention_ops ops;
	struct kept_owner *owner; /* sorted by name */
	size_t nowners, cap;
	long passes;
	int64_t now_us; /* of this pass */
	bool stopped;
	const char *current; /* owner */
	/* of the last pass */
	struct kept total;
	long removed, failed;
	int64_t removed_bytes;
};
void retention_init(struct retention *r, struct spool *s, const struct retention_rules *rules,
		    const struct retention_ops *ops);
void retention_release(struct retention *r);
/* Other rules from now on: all is looked at again. */
void retention_rules(struct retention *r, const struct retention_rules *rules);
/* -1 and errno: the spool cannot be listed. */
int retention_pass(struct retention *r);
/* The same for one owner, whose totals are then the pass's. */
void retention_pass_owner(struct retention *r, const char *owner);

/* Takes the lock of the process that looks after the spool: its descriptor, or -1 (EAGAIN: another one does). */
int retention_lock(struct spool *s);
void retention_unlock(struct spool *s, int lock); /* also removes the file; -1: does nothing */

#endif
