/* owner_drop.c - removing the directories of an owner without jobs (owner_drop.h)
 *
 * The race with a submit: a directory is removed where it is, by rmdir(2), which fails as long as it has an entry. So a
 * submitter either gets its file into the directory, and then the directory stays; or it finds that the directory which
 * it has open was removed (ENOENT), opens the part anew, which makes it again, and tries once more. Were OWNER renamed
 * away first, a submitter could rename its job into a tree that nobody reads.
 *
 * new goes before anything that a running job needs. When it is gone no runner can claim, and only then is looked
 * whether one has a job of this owner; if so, or if another part has an entry, what was removed is made again.
 */
#include "spool/owner_drop.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/testhook.h"
#include "spool/jobs.h"
#include "spool/layout.h"
#include "spool/multiuser.h"
#include "spool/owner.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t changed_us(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000 + st->st_mtim.tv_nsec / 1000;
}

/* A link count of 2 would say that there is no directory in it, but not every file system counts. */
static bool is_empty(int dir, const char *name)
{
	DIR *d = dir_list(dir, name);
	struct dirent *e;
	int n = 0;

	if (!d)
		return errno == ENOENT;
	while (n <= 2 && (e = readdir(d))) /* "." and ".."; hidden files count as well */
		n++;
	closedir(d);
	return n <= 2;
}

/* A directory that has not changed since, or none. */
static bool is_old(int dir, const char *name, int64_t before_us)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT;
	return S_ISDIR(st.st_mode) && changed_us(&st) < before_us;
}

/* Of removed jobs empty buckets are left. */
static bool out_is_empty(int dir, int64_t before_us)
{
	DIR *d = dir_list(dir, owner_part_name[PART_OUT]);
	struct dirent *e;
	bool empty = d || errno == ENOENT;

	while (d && empty && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			empty = layout_is_bucket(e->d_name) && is_old(dirfd(d), e->d_name, before_us) &&
				is_empty(dirfd(d), e->d_name);
	if (d)
		closedir(d);
	return empty;
}

/* Nothing is in the parts, and nothing has changed in them since. */
static bool is_idle(int dir, int64_t before_us)
{
	if (!is_old(dir, ".", before_us) || !out_is_empty(dir, before_us))
		return false;
	for (int i = 0; i < PART_COUNT; i++)
		if (!is_old(dir, owner_part_name[i], before_us) ||
		    (i != PART_OUT && !is_empty(dir, owner_part_name[i])))
			return false;
	return true;
}

static int found_one(void *arg, const struct spool_claimed *job)
{
	(void)arg, (void)job;
	return 1;
}

/* -1 also when it is not known. */
static int claimed(struct spool *s, const char *owner)
{
	return spool_each_claimed(s, owner, found_one, NULL);
}

static void remove_buckets(int dir)
{
	DIR *d = dir_list(dir, owner_part_name[PART_OUT]);
	struct dirent *e;

	while (d && (e = dir_next(d)))
		unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	if (d)
		closedir(d);
}

static bool remove_part(int dir, enum owner_part part)
{
	if (part == PART_OUT)
		remove_buckets(dir);
	return unlinkat(dir, owner_part_name[part], AT_REMOVEDIR) == 0 || errno == ENOENT;
}

static bool remove_parts(struct spool *s, int dir, const char *owner)
{
	/* first what a submitter uses last */
	static const enum owner_part order[] = { PART_NEW,    PART_TMP,	 PART_CANCEL, PART_IN,
						 PART_GROUPS, PART_KEYS, PART_OUT };

	_Static_assert(sizeof order / sizeof *order == PART_COUNT, "each part once");
	for (int i = 0; i < PART_COUNT; i++) {
		if (!remove_part(dir, order[i]))
			return false;
		spool_hook("part-dropped");
		if (order[i] == PART_NEW && claimed(s, owner) != 0)
			return false;
	}
	return true;
}

/* The uid of a shared spool's owner, as a part of theirs says. False: no such part is left. */
static bool owner_uid(int dir, uid_t *uid)
{
	struct stat st;

	for (int i = 0; i < PART_COUNT; i++)
		if (i != PART_OUT && fstatat(dir, owner_part_name[i], &st, AT_SYMLINK_NOFOLLOW) == 0) {
			*uid = st.st_uid;
			return true;
		}
	return false;
}

/* Makes the missing parts again. A process that needs one of them does the same. */
static void restore(struct spool *s, const char *owner, bool known, uid_t uid)
{
	struct cee_err e;

	if (!s->shared)
		spool_owner_make(s, owner, &e);
	else if (known)
		multiuser_make_owner(s, owner, uid, &e);
}

bool owner_drop(struct spool *s, const char *owner, int64_t before_us)
{
	AUTO_CLOSE int dir = spool_owner_valid(owner) ? dir_open(s->fd, owner) : -1;
	uid_t uid = 0;
	bool known;

	if (dir < 0 || !is_idle(dir, before_us) || claimed(s, owner) != 0)
		return false;
	known = owner_uid(dir, &uid);
	if (!remove_parts(s, dir, owner)) {
		restore(s, owner, known, uid);
		return false;
	}
	unlinkat(dir, LAYOUT_KEPT, 0);
	if (unlinkat(s->fd, owner, AT_REMOVEDIR) == 0)
		return true;
	if (errno != ENOENT)
		restore(s, owner, known, uid);
	return false;
}
