/* runners.h - finding live runners */
#ifndef CEE_SPOOL_RUNNERS_H
#define CEE_SPOOL_RUNNERS_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Is any runner alive? 1, 0. count (may be NULL): how many. */
int spool_runner_alive(struct spool *s, int *count);
/* Is the runner with this name in cur alive? False for unknown names. */
bool spool_runner_lives(struct spool *s, const char *name);
/* Opens the file that a live runner holds locked and that has its heartbeat (health.h). -1: the runner is not alive. */
int spool_runner_file(struct spool *s, const char *name);
/* Which spool this is, whatever its path and host: the inode and the birth of its directory. "" if the file system does
 * not say. */
enum { SPOOL_SITE_MAX = 64 };
void spool_site(struct spool *s, char site[SPOOL_SITE_MAX]);
/* The last time that a runner started or ended, taken from the directory's mtime (a killed runner does not change it):
 * microseconds since the epoch; -1 unknown. */
int64_t spool_runners_changed_us(struct spool *s);

#endif
