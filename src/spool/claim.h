/* claim.h - claiming, requeueing and retiring a job */
#ifndef CEE_SPOOL_CLAIM_H
#define CEE_SPOOL_CLAIM_H

#include "base/buf.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <stddef.h>

/* new/ -> cur/ME/OWNER/ID.N with N = attempts + 1, at most 9 (returned). ENOENT: another runner was first, or the job
 * is claimed or has ended already. */
int spool_claim(struct spool_runner *r, const char *owner, const char *id, int priority, int attempts);
/* Reads a claimed job; EINVAL when it is not a regular file of one link, EFBIG when it is larger than max. */
int spool_claimed_read(struct spool_runner *r, const char *owner, const char *id, int attempt, size_t max,
		       struct buf *b);
/* cur/ME/... -> new/0.ID.N: the job is the first that its owner runs next, and keeps its number of attempts (an attempt
 * without a directory does not count). */
int spool_requeue(struct spool_runner *r, const char *owner, const char *id, int attempt);
/* The last step of a job that has a result: moves its file to out/.../ID/job, and removes its streamed input and the
 * request to cancel it. */
int spool_job_retire(struct spool_runner *r, const char *owner, const char *id, int attempt);

/* The same for adopt.c: from is any runner's cur/RUNNER/OWNER; attempts: the number that counts. */
int claim_retire(struct spool *s, int from, const char *owner, const char *id, int attempt);
int claim_requeue(struct spool *s, int from, const char *owner, const char *id, int attempt, int attempts);

#endif
