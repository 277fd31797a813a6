/* owner_part.c - opening an owner's part, created if it is missing (owner_part.h) */
#include "spool/owner_part.h"
#include "base/error.h"
#include "base/fd.h"
#include "spool/layout.h"
#include "spool/owner.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* An owner without jobs is removed after some time (owner_drop.h), perhaps at this moment. */
enum { TRIES = 50 };

int owner_part_open(struct spool *s, const char *owner, enum owner_part part, struct cee_err *e)
{
	int fd = place_part(s, owner, part);

	for (int i = 0; fd < 0 && errno == ENOENT && i < TRIES; i++) {
		if (spool_owner_make(s, owner, e) < 0 && errno != ENOENT)
			return -1;
		fd = place_part(s, owner, part);
	}
	return fd < 0 ? cee_fail(e, errno, "%s/%s: %s", owner, owner_part_name[part], strerror(errno)) : fd;
}

bool owner_part_removed(int dir, int err)
{
	struct stat st;

	return err == ENOENT && fstat(dir, &st) == 0 && st.st_nlink == 0;
}

int owner_part_entry(struct spool *s, const struct owner_entry *entry, int *dir, struct cee_err *e)
{
	int fd = -1;

	for (int i = 0; fd < 0 && i < TRIES; i++) {
		*dir = owner_part_open(s, entry->owner, entry->part, e);
		if (*dir < 0)
			return -1;
		fd = entry->make(*dir, entry->name);
		if (fd >= 0 || !owner_part_removed(*dir, errno))
			return fd;
		close_ptr(dir);
	}
	*dir = -1;
	return cee_fail(e, ENOENT, "%s/%s: is removed again and again", entry->owner, owner_part_name[entry->part]);
}
