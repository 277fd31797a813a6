/* cancel.h - requests to cancel or to remove jobs: OWNER/cancel */
#ifndef CEE_SPOOL_CANCEL_H
#define CEE_SPOOL_CANCEL_H

#include "base/error.h"
#include "spool/spool.h"

#include <stdbool.h>

/* Requests that a job be cancelled. 0 also if it has ended. ENOENT: unknown. */
int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* For the runner: f gets the id of each request. */
int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg);
bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id);
int spool_cancel_clear(struct spool *s, const char *owner, const char *id); /* 0 also when there was none */
/* The same for requests to remove jobs, in a shared spool (remove.h). */
int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg);

#endif
