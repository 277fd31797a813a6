/* kept_bucket.h - what a bucket of out/ keeps, and which of its jobs go (private to retention.c) */
#ifndef CEE_SPOOL_KEPT_BUCKET_H
#define CEE_SPOOL_KEPT_BUCKET_H

#include "base/id.h"
#include "spool/layout.h"
#include "spool/retention.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a bucket that is settled all jobs have ended and are retired, so that nothing in it changes without a change of
 * the bucket's time. */
struct kept_bucket {
	char name[LAYOUT_BUCKET + 1];
	int64_t changed_ns; /* its time when it was read */
	bool settled;
	int64_t bytes, jobs;
	int64_t first_expiry, first_end; /* INT64_MAX: none */
};
/* A job that has ended and may go. */
struct ended_job {
	char id[ID_LEN + 1];
	int64_t ended_us, bytes;
};
struct ended_jobs {
	struct ended_job *v;
	size_t n, cap;
};
void ended_jobs_release(struct ended_jobs *l);

/* Must the bucket, in out, be read again? */
bool kept_bucket_changed(const struct kept_bucket *b, int out, int64_t now_us);
/* Reads the bucket, removes what has expired, and adds the other jobs that have ended to *ended (may be NULL). */
void kept_bucket_read(struct retention *r, const char *owner, int out, struct kept_bucket *b, struct ended_jobs *ended);
/* Removes a job that the bucket has. False: it stays. */
bool kept_bucket_remove(struct retention *r, const char *owner, const struct ended_job *job);
/* Counts and reports that something of an owner's could not be looked through. */
void retention_failed(struct retention *r, const char *name, int err);

#endif
