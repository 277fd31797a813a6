/* lookup.c - finding the file of a waiting or claimed job (lookup.h) */
#include "spool/lookup.h"
#include "base/dir.h"
#include "base/fd.h"
#include "spool/find.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

bool lookup_new(int newdir, const char *id, char name[LAYOUT_NAME_MAX])
{
	static const int order[] = { 5, 0, 1, 2, 3, 4, 6, 7, 8, 9 }; /* the default priority first */

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		layout_new_name(name, id, order[i], 0);
		if (dir_has(newdir, name))
			return true;
	}
	for (int n = 1; n <= LAYOUT_ATTEMPTS; n++) {
		layout_new_name(name, id, 0, n);
		if (dir_has(newdir, name))
			return true;
	}
	return false;
}

static bool find_in_claims(int ownerdir, const char *id, int *attempt)
{
	for (int n = 1; n <= LAYOUT_ATTEMPTS; n++) {
		char name[LAYOUT_NAME_MAX];

		layout_claim_name(name, id, n);
		if (dir_has(ownerdir, name)) {
			*attempt = n;
			return true;
		}
	}
	return false;
}

int lookup_claim(struct spool *s, const char *owner, const char *id, struct spool_where *w)
{
	DIR *d = dir_list(s->fd, LAYOUT_CUR);
	struct dirent *e;
	int dir = -1;

	if (!d)
		return -1;
	while (dir < 0 && (e = dir_next(d))) {
		char path[2 * OWNER_MAX];

		if (!spool_runner_valid(e->d_name))
			continue;
		layout_claims_path(path, e->d_name, owner);
		dir = dir_open(dirfd(d), path);
		if (dir >= 0 && !find_in_claims(dir, id, &w->attempt))
			close_ptr(&dir);
		else if (dir >= 0)
			snprintf(w->runner, sizeof(w->runner), "%.*s", OWNER_MAX - 1, e->d_name);
	}
	closedir(d);
	return dir;
}
