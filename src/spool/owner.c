/* owner.c - making an owner's part of the spool (owner.h) */
#include "spool/owner.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/join.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

int spool_owner_make(struct spool *s, const char *owner, struct cee_err *e)
{
	AUTO_CLOSE int dir = -1;

	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL,
				"%s: invalid owner name; it begins with a-z or 0-9, goes on with"
				" letters, digits, '.', '_', '-', has at most %d characters",
				owner, OWNER_MAX - 1);
	if (s->shared)
		return join_request(s, owner, e);
	dir = dir_make(s->fd, owner, 0700);
	if (dir < 0)
		return cee_fail(e, errno, "%s: %s", owner, strerror(errno));
	for (size_t i = 0; i < PART_COUNT; i++) {
		AUTO_CLOSE int sub = dir_make(dir, owner_part_name[i], 0700);

		if (sub < 0)
			return cee_fail(e, errno, "%s/%s: %s", owner, owner_part_name[i], strerror(errno));
	}
	if (s->durable && (fsync(dir) < 0 || fsync(s->fd) < 0))
		return cee_fail(e, errno, "%s: %s", owner, strerror(errno));
	return 0;
}
