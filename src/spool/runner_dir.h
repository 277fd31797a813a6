/* runner_dir.h - a runner's directory in cur or tmp: its lock, its removal (private to src/spool) */
#ifndef CEE_SPOOL_RUNNER_DIR_H
#define CEE_SPOOL_RUNNER_DIR_H

#include "spool/spool.h"

#include <stdbool.h>

/* Takes its lock, and returns that; EAGAIN: its runner is alive; ENOENT: it was removed meanwhile. */
int runner_dir_lock(int dir);
/* Removes its OWNER directories; ENOTEMPTY when one holds a job. */
int runner_dir_empty(int dir);
int runner_dir_unlock(int dir);
/* Writes into it which boot of the kernel its runner belongs to. */
int runner_dir_mark_boot(int dir);
/* Has the machine run without a break since? False also where that is not known. Then what the runner wrote and did
 * not sync is whole; after a power cut a part of it may be missing. */
bool runner_dir_same_boot(int dir);
/* Removes cur/NAME, for the process that holds its lock. ENOTEMPTY when jobs are left in it. */
int runner_dir_remove(struct spool *s, const char *name, int dir);

#endif
