/* cancel.c - requests that a job be cancelled, and that one be removed (cancel.h) */
#include "spool/cancel.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/layout.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	AUTO_CLOSE int dir = -1, fd = -1;
	struct spool_where w;

	if (spool_find(s, owner, id, &w, e) < 0)
		return -1;
	if (w.state == STATE_FINISHED)
		return 0;
	if ((dir = owner_part_open(s, owner, PART_CANCEL, e)) < 0)
		return -1;
	fd = openat(dir, id, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return cee_fail(e, errno, "%s/cancel/%s: %s", owner, id, strerror(errno));
	if (s->durable && fsync(dir) < 0)
		return cee_fail(e, errno, "%s/cancel: %s", owner, strerror(errno));
	return 0;
}

int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg)
{
	DIR *d = place_list(s, owner, PART_CANCEL);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d)))
		if (id_valid(e->d_name))
			r = f(arg, e->d_name);
	return dir_end(d, r);
}

int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg)
{
	DIR *d = place_list(s, owner, PART_CANCEL);
	struct dirent *e;
	char id[ID_LEN + 1];
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d)))
		if (layout_removal_parse(e->d_name, id))
			r = f(arg, id);
	return dir_end(d, r);
}

static int id_part(struct spool *s, const char *owner, const char *id)
{
	return place_check_names(owner, id, NULL) < 0 ? -1 : place_part(s, owner, PART_CANCEL);
}

bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = id_part(s, owner, id);

	return dir >= 0 && dir_has(dir, id);
}

int spool_cancel_clear(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = id_part(s, owner, id);

	if (dir >= 0 && unlinkat(dir, id, 0) == 0)
		return 0;
	return errno == ENOENT ? 0 : -1;
}
