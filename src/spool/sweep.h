/* sweep.h - removing temporary files whose writers are gone */
#ifndef CEE_SPOOL_SWEEP_H
#define CEE_SPOOL_SWEEP_H

#include "spool/spool.h"

/* Removes the files of OWNER/tmp that nobody holds a lock on. */
int spool_sweep(struct spool *s, const char *owner);
/* The same for any tmp directory, and in it the directories of runners that ended, and what is left of removed
 * jobs. For src/spool. */
int spool_sweep_dir(int dir);

#endif
