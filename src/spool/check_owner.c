/* check_owner.c - an owner's directories (check_owner.h) */
#include "spool/check_owner.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "base/names.h"
#include "spool/cancel.h"
#include "spool/check.h"
#include "spool/check_entry.h"
#include "spool/check_out.h"
#include "spool/check_place.h"
#include "spool/check_tmp.h"
#include "spool/find.h"
#include "spool/input.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/multiuser.h"
#include "spool/owner_name.h"
#include "spool/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void check_new(struct spool_check *ck, int owner_dir, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_NEW], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		char id[ID_LEN + 1];
		int priority, attempts;

		check_join(p, path, e->d_name);
		if (!layout_new_parse(e->d_name, id, &priority, &attempts)) {
			check_problem(ck, p, "is not the name of a waiting job (PRIORITY.ID or 0.ID.ATTEMPTS)");
			continue;
		}
		ck->waiting++;
		check_file(ck, dirfd(d), e->d_name, p);
		check_places(ck, owner, id);
	}
	if (d)
		closedir(d);
}

/* Is the job over, so that no runner will remove the request when it retires the job? */
static bool request_stale(struct spool_check *ck, const char *owner, const char *id)
{
	AUTO_CLOSE int out = place_out(ck->s, owner, id);
	struct spool_where w;

	return (out >= 0 && dir_has(out, LAYOUT_JOB)) || spool_find(ck->s, owner, id, &w, NULL) < 0;
}

static void check_cancel(struct spool_check *ck, int owner_dir, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_CANCEL], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		char id[ID_LEN + 1];

		check_join(p, path, e->d_name);
		if (ck->s->shared && layout_removal_parse(e->d_name, id)) {
			check_file(ck, dirfd(d), e->d_name, p);
			if (ck->runners == 0)
				check_note(ck, p, "requests the removal of a job; the next runner performs it");
			continue;
		}
		if (!id_valid(e->d_name)) {
			check_problem(ck, p, "is not a job id");
			continue;
		}
		check_file(ck, dirfd(d), e->d_name, p);
		if (!request_stale(ck, owner, e->d_name) ||
		    (ck->fix && spool_cancel_clear(ck->s, owner, e->d_name) == 0))
			continue;
		if (dir_has(dirfd(d), e->d_name))
			check_note(ck, p,
				   "requests the end of a job that is over; the next scan removes it, and so does "
				   "--fix");
	}
	if (d)
		closedir(d);
}

/* Lines that are not ids do no harm, but none of the spool's programs wrote them. */
static void check_group_lines(struct spool_check *ck, int dir, const char *name, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[ID_LEN + 4];
	long number = 0;

	if (!f)
		return;
	fd = -1;
	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		number++;
		if (len == 1 && line[0] == '\n')
			continue; /* an empty line follows a line that a power cut left incomplete */
		if (len == ID_LEN + 1 && line[ID_LEN] == '\n') {
			line[ID_LEN] = 0;
			if (id_valid(line))
				continue;
		}
		check_note(ck, path, "line %ld is not an id and is ignored", number);
		break;
	}
	fclose(f);
}

static void check_groups(struct spool_check *ck, int owner_dir, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_GROUPS], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		check_join(p, path, e->d_name);
		check_file(ck, dirfd(d), e->d_name, p);
		if (!group_name_valid(e->d_name))
			check_problem(ck, p, "is not a valid group name");
		else
			check_group_lines(ck, dirfd(d), e->d_name, p);
	}
	if (d)
		closedir(d);
}

static void check_key(struct spool_check *ck, int dir, const char *owner, const char *name, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char id[ID_LEN + 1];
	struct spool_where w;
	int r = key_read(dir, name, id);

	if (fd < 0 || file_locked(fd) != 0 || r < 0)
		return; /* the file is in use, or check_file has reported it */
	if (r == 0)
		check_note(ck, path, "is empty or torn; the next submit with its key writes it");
	else if (spool_find(ck->s, owner, id, &w, NULL) == 0 || errno != ENOENT)
		return;
	else if (!ck->fix || !key_drop(ck->s, owner, name, false))
		check_note(ck, path,
			   "is for job %s, which never came or is gone; the next submit with its key becomes that job,"
			   " --fix removes it",
			   id);
}

static void check_keys(struct spool_check *ck, int owner_dir, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_KEYS], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		check_join(p, path, e->d_name);
		check_file(ck, dirfd(d), e->d_name, p);
		if (!key_name_valid(e->d_name))
			check_problem(ck, p, "is not the name of a key (64 hexadecimal digits)");
		else
			check_key(ck, dirfd(d), owner, e->d_name, p);
	}
	if (d)
		closedir(d);
}

static void check_in(struct spool_check *ck, int owner_dir, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_IN], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		enum spool_input_kind kind;
		char id[ID_LEN + 1];
		int sig;

		check_join(p, path, e->d_name);
		if (!spool_input_parse(e->d_name, id, &kind, &sig)) {
			check_problem(ck, p,
				      "is not the name of a job's input (ID, ID.end, ID.open, ID.window or ID.SIGNAL)");
			continue;
		}
		check_file(ck, dirfd(d), e->d_name, p);
		if (!spool_input_stale(ck->s, owner, e->d_name))
			continue;
		if (ck->fix)
			spool_input_clear(ck->s, owner, id);
		if (dir_has(dirfd(d), e->d_name))
			check_note(ck, p,
				   "is the input of a job that is over; the next scan removes it, and so does --fix");
	}
	if (d)
		closedir(d);
}

void check_mode(struct spool_check *ck, const char *path, const char *expected, const char *make)
{
	check_problem(ck, path, "%s; cee-fsck --make %s as root sets it right", expected, make);
}

struct share {
	struct spool_check *ck;
	const char *owner;
};

static void wrong_mode(void *arg, const char *path, const char *expected)
{
	const struct share *share = arg;

	check_mode(share->ck, path, expected, share->owner);
}

/* The name uid-N contains the owner's uid. cee-http's owners have the uid that cee.conf sets; without that setting,
 * the uid of their directory new. */
static void check_share(struct spool_check *ck, const char *owner, int dir)
{
	struct stat st;
	struct share share = { ck, owner };
	uid_t uid = 0;

	if (!spool_owner_uid(owner, ck->http, &uid)) {
		if (spool_owner_uid(owner, &uid, &uid) &&
		    fstatat(dir, owner_part_name[PART_NEW], &st, AT_SYMLINK_NOFOLLOW) == 0)
			uid = st.st_uid;
		else {
			check_problem(ck, owner, "is not an owner that a shared spool has (uid-N, anon, http-*)");
			return;
		}
	}
	multiuser_check_owner(ck->s, owner, uid, wrong_mode, &share);
}

static void check_part(struct spool_check *ck, int dir, const char *owner, const char *name, const char *path)
{
	int part = 0;

	while (part < PART_COUNT && strcmp(name, owner_part_name[part]) != 0)
		part++;
	switch ((enum owner_part)part) {
	case PART_TMP:
		check_tmp(ck, dir, path);
		break;
	case PART_NEW:
		check_new(ck, dir, owner, path);
		break;
	case PART_CANCEL:
		check_cancel(ck, dir, owner, path);
		break;
	case PART_IN:
		check_in(ck, dir, owner, path);
		break;
	case PART_OUT:
		check_history(ck, dir, owner, path);
		break;
	case PART_GROUPS:
		check_groups(ck, dir, path);
		break;
	case PART_KEYS:
		check_keys(ck, dir, owner, path);
		break;
	case PART_COUNT:
		if (strcmp(name, LAYOUT_KEPT) == 0) {
			check_file(ck, dir, name, path);
			break;
		}
		check_problem(ck, path,
			      "is not one of an owner's directories: tmp, new, cancel, in, out, groups, keys");
		break;
	}
}

void check_owner(struct spool_check *ck, const char *owner)
{
	AUTO_CLOSE int dir = dir_open(ck->s->fd, owner);
	DIR *d = check_open_dir(ck, ck->s->fd, owner, owner);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	if (d && ck->s->shared)
		check_share(ck, owner, dir);
	while (d && (e = dir_next(d))) {
		check_join(p, owner, e->d_name);
		check_part(ck, dir, owner, e->d_name, p);
	}
	if (d)
		closedir(d);
}
