/* owner_part.h - opening an owner's part, created if it is missing (private to src/spool) */
#ifndef CEE_SPOOL_OWNER_PART_H
#define CEE_SPOOL_OWNER_PART_H

#include "base/error.h"
#include "spool/layout.h"
#include "spool/spool.h"

#include <stdbool.h>

/* Makes the whole owner if it is missing (owner.h). Returns a descriptor, which the caller closes; -1 and e. */
/* The directory may be removed while it is open, when its owner had no job for long (owner_drop.h). A call that makes
 * a name in it then fails, and owner_part_removed says so: open the part again, and repeat the call. */
int owner_part_open(struct spool *s, const char *owner, enum owner_part part, struct cee_err *e);
bool owner_part_removed(int dir, int err);
/* Does so for an entry: opens it by make, which returns a descriptor or -1 and errno. *dir is the part, which the caller
 * closes; if it is -1, e has the reason of the failure. */
struct owner_entry {
	const char *owner, *name;
	enum owner_part part;
	int (*make)(int dir, const char *name);
};
int owner_part_entry(struct spool *s, const struct owner_entry *entry, int *dir, struct cee_err *e);

#endif
