/* adopt.h - recovering the jobs of dead runners */
#ifndef CEE_SPOOL_ADOPT_H
#define CEE_SPOOL_ADOPT_H

#include "spool/registration.h"
#include "spool/spool.h"
#include "spool/walk.h"

/* Calls f with the name of each dead runner, that is, each whose lock could be taken (it is held during f). */
int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg);
/* Completes or requeues all jobs that the dead runner had claimed (those with a result are only retired), and
 * removes its directory. f (may be NULL) is called with each requeued job. */
int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg);

#endif
