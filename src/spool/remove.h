/* remove.h - removing jobs that have ended */
#ifndef CEE_SPOOL_REMOVE_H
#define CEE_SPOOL_REMOVE_H

#include "base/error.h"
#include "spool/spool.h"

/* Removes a finished job with its key and all its files. EBUSY the job has not ended; EAGAIN it has ended, but its
 * runner has not retired it yet, or (in a shared spool) no runner performed the removal in time; ENOENT unknown job. */
int spool_remove(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* The same for retention.c: a key that cannot be removed now does not hold the job. In a shared spool only for root. */
int spool_expire(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* For the runner of a shared spool, whose users may not write in out/: performs the removal that was requested
 * (cancel.h) and deletes the request. Blocks on disk. */
int spool_removal_answer(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* Removes owner's empty buckets of out/ that are too old for new jobs. */
void spool_drop_buckets(struct spool *s, const char *owner);

#endif
