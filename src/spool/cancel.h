/* cancel.h - requests that a job be cancelled, and that one be removed: OWNER/cancel */
#ifndef CEE_SPOOL_CANCEL_H
#define CEE_SPOOL_CANCEL_H

#include "base/error.h"
#include "spool/spool.h"

#include <stdbool.h>

/* Asks for the end of a job. 0 also for one that has ended. ENOENT: unknown. */
int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e);
/* For the runner: f gets the id of each request. */
int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg);
bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id);
int spool_cancel_clear(struct spool *s, const char *owner, const char *id); /* 0 also when there was none */
/* The requests of a shared spool that a job be removed (remove.h). */
int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg);

#endif
