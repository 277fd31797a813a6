/* owner.h - making an owner's part of the spool */
#ifndef CEE_SPOOL_OWNER_H
#define CEE_SPOOL_OWNER_H

#include "base/error.h"
#include "spool/spool.h"

/* Makes OWNER and its parts if they are missing. In a shared spool it asks a runner to make them, and waits (join.h):
 * ETIMEDOUT no runner answered, EPERM this uid may not be that owner. */
int spool_owner_make(struct spool *s, const char *owner, struct cee_err *e);

#endif
