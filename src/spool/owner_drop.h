/* owner_drop.h - removing the directories of an owner without jobs */
#ifndef CEE_SPOOL_OWNER_DROP_H
#define CEE_SPOOL_OWNER_DROP_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Removes OWNER with its parts if they are empty, no runner has a job of this owner, and none of them has changed since
 * before_us (epoch). False: something is left. A process that uses a part at the same moment finds it missing and makes
 * it again (owner_part.h): no job is lost. In a shared spool for root. */
bool owner_drop(struct spool *s, const char *owner, int64_t before_us);

#endif
