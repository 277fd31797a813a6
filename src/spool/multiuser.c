/* multiuser.c - a spool that many users share: owners and modes of its directories (multiuser.h)
 *
 * The runner is root; its users are uids that do not trust each other, and trust the runner only with
 * their jobs. The rules kept here:
 *   - An owner's directory belongs to root, and so does its parent: only root can create, rename or
 *     replace the directory or one of its parts, so users cannot swap a directory that the runner walks
 *     through. It has mode 700 with one entry in its access control list: the owner's uid may enter and
 *     list it. This list is the gate: files beneath that belong to root (out) can be readable for all,
 *     since only that uid can reach them.
 *   - tmp, new, cancel, in, groups and keys belong to the owner, mode 700. The code takes the uid of new
 *     as the owner's uid: only root could have given new to that uid.
 *   - cur/RUNNER/OWNER has such a gate too: users see their own claimed jobs there.
 *   - A user without a directory requests one with an empty file OWNER.ID, with a fresh ID, in join, which
 *     all may write to and none may list. The file's uid, set by the kernel, identifies the user. A runner
 *     makes the complete directory in tmp and then renames it to its place. No other user can
 *     create the request's name first, because the ID cannot be guessed.
 *
 * The list is written in the kernel's format (acl(5), linux/posix_acl_xattr.h): with a library for these
 * five lines, each request of cee-http would have to load the library.
 */
#include "spool/multiuser.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/remove_tree.h"
#include "spool/spool.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <linux/xattr.h>
#include <time.h>
#include <unistd.h>


enum { MAKE_TRIES = 8, TEXT_MAX = 160 };

/* ---- the gate ------------------------------------------------------------------- */

struct gate {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry entry[5];
};

/* Root may do everything, uid may enter and list, all others have no access. */
static struct gate gate_for(uid_t uid)
{
	static const struct {
		uint16_t tag, perm;
	} line[] = { { ACL_USER_OBJ, ACL_READ | ACL_WRITE | ACL_EXECUTE },
		     { ACL_USER, ACL_READ | ACL_EXECUTE },
		     { ACL_GROUP_OBJ, 0 },
		     { ACL_MASK, ACL_READ | ACL_EXECUTE },
		     { ACL_OTHER, 0 } };
	struct gate g = { .head.a_version = htole32(POSIX_ACL_XATTR_VERSION) };

	for (size_t i = 0; i < sizeof line / sizeof *line; i++)
		g.entry[i] = (struct posix_acl_xattr_entry){
			htole16(line[i].tag), htole16(line[i].perm),
			htole32(line[i].tag == ACL_USER ? (uint32_t)uid : (uint32_t)ACL_UNDEFINED_ID)
		};
	return g;
}

static int gate_set(int fd, uid_t uid)
{
	struct gate g = gate_for(uid);

	return fsetxattr(fd, XATTR_NAME_POSIX_ACL_ACCESS, &g, sizeof g, 0);
}

static bool gate_is(int fd, uid_t uid)
{
	struct gate want = gate_for(uid), has;

	return fgetxattr(fd, XATTR_NAME_POSIX_ACL_ACCESS, &has, sizeof has) == (ssize_t)sizeof has &&
	       memcmp(&want, &has, sizeof has) == 0;
}

/* ---- the spool itself --------------------------------------------------------------- */

static const struct {
	const char *name;
	mode_t mode;
} head_part[] = { { LAYOUT_TMP, 0700 }, { LAYOUT_CUR, 0755 }, { LAYOUT_JOIN, 01733 } };
enum { HEAD_PARTS = sizeof head_part / sizeof *head_part };

int multiuser_make_head(int fd, const char *path, struct cee_err *e)
{
	if (geteuid() != 0)
		return cee_fail(e, EPERM, "%s: only root can make a spool that many users share", path);
	for (int i = 0; i < HEAD_PARTS; i++) {
		AUTO_CLOSE int dir = dir_make(fd, head_part[i].name, 0700);
		struct stat st;

		if (dir < 0 || fstat(dir, &st) < 0)
			return cee_fail(e, errno, "%s/%s: %s", path, head_part[i].name, strerror(errno));
		/* mode 1730 is kept: the administrator may restrict join to the members of a group */
		if (strcmp(head_part[i].name, LAYOUT_JOIN) == 0 && (st.st_mode & 07777) == 01730)
			continue;
		if (fchown(dir, 0, (gid_t)-1) < 0 || fchmod(dir, head_part[i].mode) < 0)
			return cee_fail(e, errno, "%s/%s: %s", path, head_part[i].name, strerror(errno));
	}
	if (fchown(fd, 0, (gid_t)-1) < 0 || fchmod(fd, 0711) < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* Describes a wrong owner or mode and its remedy, on one line; NULL if all is right. */
static const char *wrong_dir(int at, const char *name, uid_t uid, mode_t mode, char text[TEXT_MAX])
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		snprintf(text, TEXT_MAX, "%s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		snprintf(text, TEXT_MAX, "is not a directory");
	else if (st.st_uid != uid)
		snprintf(text, TEXT_MAX, "belongs to uid %u, %u is right", (unsigned)st.st_uid, (unsigned)uid);
	else if (mode && (st.st_mode & 07777) != mode)
		snprintf(text, TEXT_MAX, "has mode %04o, %04o is right", st.st_mode & 07777, mode);
	else
		return NULL;
	return text;
}

int multiuser_check(struct spool *s, multiuser_fn f, void *arg)
{
	char text[TEXT_MAX];
	int n = 0;

	if (wrong_dir(s->fd, ".", 0, 0711, text))
		f(arg, ".", text), n++;
	for (int i = 0; i < HEAD_PARTS; i++) {
		bool join = strcmp(head_part[i].name, LAYOUT_JOIN) == 0;

		if (wrong_dir(s->fd, head_part[i].name, 0, head_part[i].mode, text) &&
		    !(join && !wrong_dir(s->fd, LAYOUT_JOIN, 0, 01730, text)))
			f(arg, head_part[i].name, text), n++;
	}
	return n;
}

/* ---- an owner's part ------------------------------------------------------------------- */

/* out belongs to the runner, which is root; the other parts to the owner. */
static uid_t part_uid(enum owner_part part, uid_t owner)
{
	return part == PART_OUT ? 0 : owner;
}

static mode_t part_mode(enum owner_part part)
{
	return part == PART_OUT ? 0755 : 0700;
}

/* Creates a part, or corrects its mode and owner. The part belongs to root until all other steps are done. */
static int share_part(int owner, enum owner_part part, uid_t uid)
{
	AUTO_CLOSE int dir = dir_make(owner, owner_part_name[part], 0700);
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -1;
	if ((st.st_mode & 07777) != part_mode(part) && fchmod(dir, part_mode(part)) < 0)
		return -1;
	return st.st_uid == part_uid(part, uid) ? 0 : fchown(dir, part_uid(part, uid), (gid_t)-1);
}

static int share_parts(int dir, uid_t uid, bool durable)
{
	for (int i = 0; i < PART_COUNT; i++)
		if (share_part(dir, (enum owner_part)i, uid) < 0)
			return -1;
	if (!gate_is(dir, uid) && gate_set(dir, uid) < 0) /* set last: until then only root can enter the directory */
		return -1;
	return durable ? fsync(dir) : 0;
}

static int share_error(const char *owner, struct cee_err *e)
{
	if (errno == EOPNOTSUPP)
		return cee_fail(e, errno,
				"%s: this file system keeps no access control lists; put a spool that users share"
				" on ext4, xfs, btrfs or tmpfs",
				owner);
	return cee_fail(e, errno, "%s: its directories cannot be made: %s", owner, strerror(errno));
}

/* Creates the directory in tmp, then renames it to its place. Another runner that is just starting may sweep it from
 * tmp: then try again. */
static int share_new(struct spool *s, int tmp, const char *owner, uid_t uid)
{
	char name[OWNER_MAX + ID_LEN + 2], id[ID_LEN + 1];
	AUTO_CLOSE int dir = -1;

	id_make(id);
	snprintf(name, sizeof name, "%.*s.%s", OWNER_MAX - 1, owner, id);
	if ((dir = dir_make(tmp, name, 0700)) < 0 || share_parts(dir, uid, s->durable) < 0 ||
	    renameat2(tmp, name, s->fd, owner, RENAME_NOREPLACE) < 0) {
		int err = errno;

		spool_remove_tree(tmp, name);
		errno = err;
		return -1;
	}
	return s->durable ? fsync(s->fd) : 0;
}

int multiuser_make_owner(struct spool *s, const char *owner, uid_t uid, struct cee_err *e)
{
	AUTO_CLOSE int tmp = dir_open(s->fd, LAYOUT_TMP), dir = -1;

	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL, "%s: invalid owner name", owner);
	if (tmp < 0)
		return cee_fail(e, errno, "tmp: %s", strerror(errno));
	for (int i = 0; i < MAKE_TRIES; i++) {
		close_ptr(&dir);
		if ((dir = dir_open(s->fd, owner)) >= 0) {
			if (fchown(dir, 0, (gid_t)-1) == 0 && share_parts(dir, uid, s->durable) == 0)
				return 0;
			if (errno == ENOENT) /* it is being removed: owner_drop.c */
				continue;
			break;
		}
		if (errno != ENOENT)
			break;
		if (share_new(s, tmp, owner, uid) == 0)
			return 0;
		if (errno != ENOENT && errno != EEXIST)
			break;
	}
	return share_error(owner, e);
}

int multiuser_check_owner(struct spool *s, const char *owner, uid_t uid, multiuser_fn f, void *arg)
{
	AUTO_CLOSE int dir = dir_open(s->fd, owner);
	char text[TEXT_MAX], path[LAYOUT_PATH_MAX];
	int n = 0;

	if (wrong_dir(s->fd, owner, 0, 0, text))
		f(arg, owner, text), n++;
	else if (dir >= 0 && !gate_is(dir, uid))
		snprintf(text, sizeof text, "its access control list must let uid %u, and nobody else, enter and list",
			 (unsigned)uid),
			f(arg, owner, text), n++;
	for (int i = 0; dir >= 0 && i < PART_COUNT; i++) {
		enum owner_part part = (enum owner_part)i;

		if (!wrong_dir(dir, owner_part_name[part], part_uid(part, uid), part_mode(part), text))
			continue;
		layout_part_path(path, owner, part);
		f(arg, path, text), n++;
	}
	return n;
}


/* ---- cur/RUNNER/OWNER ------------------------------------------------------------------ */

int multiuser_make_claims(int runner, const char *owner, int new)
{
	AUTO_CLOSE int dir = dir_open(runner, owner);
	struct stat st;
	int keep;

	if (dir < 0) {
		if (errno != ENOENT || fstat(new, &st) < 0 || (dir = dir_make(runner, owner, 0700)) < 0 ||
		    gate_set(dir, st.st_uid) < 0)
			return -1;
	}
	keep = dir;
	dir = -1;
	return keep;
}
