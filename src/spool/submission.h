/* submission.h - submitting a job */
#ifndef CEE_SPOOL_SUBMISSION_H
#define CEE_SPOOL_SUBMISSION_H

#include "base/error.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool_bounds {
	int64_t max_queued, min_room; /* 0: unlimited */
	int64_t keep_bytes;	      /* 0 or LIMIT_NONE: unlimited */
	bool fresh;		      /* id was just made by id_make, so there is no check for duplicates */
};
/* When it returns 0, the job is durable. Errors: EEXIST (a job has the id, in any state), EAGAIN (the queue is full), EDQUOT
 * (the owner's young results are more than keep_bytes),
 * ENOSPC (the disk is full), else the system's errno. */
int spool_submit(struct spool *s, const char *owner, const char *id, int priority, const void *job, size_t len,
		 const struct spool_bounds *b, struct cee_err *e);
/* May this process submit for owner? In a shared spool root may not submit for others, since root would own the
 * files. EPERM. */
int spool_may_submit(struct spool *s, const char *owner, struct cee_err *e);

#endif
