/* owner_part.c - opening an owner's part, created if it is missing (owner_part.h) */
#include "spool/owner_part.h"
#include "base/error.h"
#include "spool/layout.h"
#include "spool/owner.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <errno.h>
#include <string.h>

int owner_part_open(struct spool *s, const char *owner, enum owner_part part, struct cee_err *e)
{
	int fd = place_part(s, owner, part);

	if (fd < 0 && errno == ENOENT) {
		if (spool_owner_make(s, owner, e) < 0)
			return -1;
		fd = place_part(s, owner, part);
	}
	return fd < 0 ? cee_fail(e, errno, "%s/%s: %s", owner, owner_part_name[part], strerror(errno)) : fd;
}
