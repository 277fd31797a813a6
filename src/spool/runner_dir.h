/* runner_dir.h - a runner's directory in cur or tmp: its lock, its removal (private to src/spool) */
#ifndef CEE_SPOOL_RUNNER_DIR_H
#define CEE_SPOOL_RUNNER_DIR_H

#include "spool/spool.h"

#include <stdbool.h>

/* Takes the directory's lock and returns the lock's descriptor; EAGAIN: its runner is alive; ENOENT: it was removed
 * meanwhile. */
int runner_dir_lock(int dir);
/* Removes the OWNER directories of a runner; ENOTEMPTY: one of them has a job. */
int runner_dir_empty(int dir);
/* Removes the lock files and the boot id; a missing one is not an error. */
int runner_dir_unlock(int dir);
/* Records the kernel's boot id in the directory. */
int runner_dir_mark_boot(int dir);
/* Has the machine not rebooted since the boot id was recorded? False also if unknown. If true, the runner's unsynced
 * writes are complete; after a power cut some of them may be missing. */
bool runner_dir_same_boot(int dir);
/* Removes cur/NAME, for the process that holds its lock. ENOTEMPTY when jobs are left in it. */
int runner_dir_remove(struct spool *s, const char *name, int dir);

#endif
