/* owner_part.h - opening an owner's part, created if it is missing (private to src/spool) */
#ifndef CEE_SPOOL_OWNER_PART_H
#define CEE_SPOOL_OWNER_PART_H

#include "base/error.h"
#include "spool/layout.h"
#include "spool/spool.h"

int owner_part_open(struct spool *s, const char *owner, enum owner_part part, struct cee_err *e);

#endif
