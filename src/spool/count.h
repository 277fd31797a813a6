/* count.h - the numbers of queued and claimed jobs */
#ifndef CEE_SPOOL_COUNT_H
#define CEE_SPOOL_COUNT_H

#include "spool/spool.h"

#include <stdint.h>

/* Counts owner's jobs (NULL: all owners'). -1 and errno: a directory could not be read. */
int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed);

#endif
