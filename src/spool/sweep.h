/* sweep.h - removing temporary files of processes that have ended */
#ifndef CEE_SPOOL_SWEEP_H
#define CEE_SPOOL_SWEEP_H

#include "spool/spool.h"

/* Removes the files of OWNER/tmp that no process holds a lock on. */
int spool_sweep(struct spool *s, const char *owner);
/* The same for any tmp directory; also removes directories of runners that have ended, and remains of removed
 * jobs. For src/spool. */
int spool_sweep_dir(int dir);

#endif
