/* count.h - how many jobs wait and run */
#ifndef CEE_SPOOL_COUNT_H
#define CEE_SPOOL_COUNT_H

#include "spool/spool.h"

#include <stdint.h>

/* Of owner, NULL: of all. */
int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed);

#endif
