/* owner_part.h - opening an owner's part, created if it is missing (private to src/spool) */
#ifndef CEE_SPOOL_OWNER_PART_H
#define CEE_SPOOL_OWNER_PART_H

#include "base/error.h"
#include "spool/layout.h"
#include "spool/spool.h"

/* Makes the whole owner if it is missing (owner.h). Returns a descriptor, which the caller closes; -1 and e. */
int owner_part_open(struct spool *s, const char *owner, enum owner_part part, struct cee_err *e);

#endif
