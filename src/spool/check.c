/* check.c - checking a spool against the table of cee-spool(5) (check.h)
 *
 * It walks the whole spool, and reports whatever the table does not allow (a problem) and whatever the table allows
 * but one of the spool's programs still has to clean up (a note). In a live spool files move during the check: if a
 * job's place looks wrong, the places are checked again, in the order in which jobs move, until the job is found
 * in the right place or the problem persists. To find jobs that are in two places, each job in new and cur is looked
 * up everywhere; so the history costs only its own walk. Nothing is changed without fix, and with fix only objects
 * that no process holds a lock on.
 */
#include "spool/check.h"
#include "base/dir.h"
#include "spool/check_entry.h"
#include "spool/check_owner.h"
#include "spool/check_runner.h"
#include "spool/check_tmp.h"
#include "spool/layout.h"
#include "spool/multiuser.h"
#include "spool/owner_name.h"
#include "spool/runners.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static void wrong_mode(void *arg, const char *path, const char *expected)
{
	check_mode(arg, path, expected, "--shared");
}

static void check_root(struct spool_check *ck)
{
	DIR *d = check_open_dir(ck, ck->s->fd, ".", ".");
	struct dirent *e;

	while (d && (e = dir_next(d))) {
		bool is_dir = dir_is_dir(d, e);

		if (strcmp(e->d_name, LAYOUT_VERSION) == 0 || strcmp(e->d_name, LAYOUT_LANGUAGES) == 0)
			check_file(ck, dirfd(d), e->d_name, e->d_name);
		else if (is_dir && strcmp(e->d_name, LAYOUT_METRICS) == 0)
			check_metrics(ck, dirfd(d));
		else if (!is_dir ||
			 (strcmp(e->d_name, LAYOUT_CUR) != 0 && strcmp(e->d_name, LAYOUT_TMP) != 0 &&
			  !(ck->s->shared && strcmp(e->d_name, LAYOUT_JOIN) == 0) && !spool_owner_valid(e->d_name)))
			check_problem(ck, e->d_name, "is not a name that a spool has");
	}
	if (d)
		closedir(d);
	if (!dir_has(ck->s->fd, LAYOUT_TMP))
		check_problem(ck, LAYOUT_TMP, "is missing; cee-fsck --make makes it");
	if (ck->s->shared)
		multiuser_check(ck->s, wrong_mode, ck);
}

static int one_owner(void *arg, const char *owner)
{
	check_owner(arg, owner);
	return 0;
}

void spool_check(struct spool_check *ck)
{
	char self[OWNER_MAX];

	spool_runner_alive(ck->s, &ck->runners);
	if (ck->s->shared && geteuid() != 0) {
		spool_owner_self(self);
		check_owner(ck, self);
		return;
	}
	check_root(ck);
	check_tmp(ck, ck->s->fd, LAYOUT_TMP);
	check_cur(ck);
	if (spool_each_owner(ck->s, one_owner, ck) < 0)
		check_problem(ck, ".", "%s", strerror(errno));
}
