/* walk.c - walking over owners and over the queue (walk.h) */
#include "spool/walk.h"
#include "base/dir.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>

int spool_each_new(struct spool *s, const char *owner, spool_job_fn f, void *arg)
{
	DIR *d = place_list(s, owner, PART_NEW);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d))) {
		char id[ID_LEN + 1];
		int priority, attempts;

		if (layout_new_parse(e->d_name, id, &priority, &attempts))
			r = f(arg, owner, id, priority, attempts);
	}
	return dir_end(d, r);
}

int spool_each_owner(struct spool *s, spool_name_fn f, void *arg)
{
	DIR *d = dir_list(s->fd, ".");
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d)))
		if (spool_owner_valid(e->d_name) && dir_is_dir(d, e))
			r = f(arg, e->d_name);
	return dir_end(d, r);
}
