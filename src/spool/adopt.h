/* adopt.h - what dead runners leave behind */
#ifndef CEE_SPOOL_ADOPT_H
#define CEE_SPOOL_ADOPT_H

#include "spool/registration.h"
#include "spool/spool.h"
#include "spool/walk.h"

/* Calls f with the name of each runner whose lock could be had (held during f). */
int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg);
/* Completes or requeues all jobs that the dead runner had (one with a result is only put away), and removes its
 * directory. f is called with each requeued job (may be NULL). */
int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg);

#endif
