/* runners.h - which runners are alive */
#ifndef CEE_SPOOL_RUNNERS_H
#define CEE_SPOOL_RUNNERS_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Is any runner alive? 1, 0. count (may be NULL): how many. */
int spool_runner_alive(struct spool *s, int *count);
/* Is that one alive, a directory of cur? False for names that no runner has. */
bool spool_runner_lives(struct spool *s, const char *name);
/* Opens the file that a runner holds locked while it is alive, and in which its heartbeat is (health.h); -1 it is not. */
int spool_runner_file(struct spool *s, const char *name);
/* When a runner last came or ended, as far as the directory says (one that was killed leaves no
 * trace there): microseconds since the epoch; -1 unknown. */
int64_t spool_runners_changed_us(struct spool *s);

#endif
