/* share.c - a spool of many users: who may go where
 *
 * The runner is root; its users are uids that trust neither each other nor it with more than
 * their jobs. The rules kept here:
 *   - An owner's directory is root's, and so is its name: nobody but root makes, renames or
 *     replaces it or one of its parts, so what the runner walks through cannot be swapped. It is
 *     mode 700 with one entry in its access control list: the owner's uid may enter and list it. That is
 *     the gate: all beneath that is root's (out) can be readable by everybody who got so far.
 *   - tmp, new, cancel, in, groups and keys are the owner's own, mode 700. The uid of new is
 *     who the owner is, wherever that is asked: only root could have given it that.
 *   - cur/RUNNER/OWNER has such a gate too: a user sees his own claimed jobs there.
 *   - Who has no directory yet asks for it: an empty file in join, which all may write to and
 *     none may list, is an OWNER and a fresh ID. Its uid, which the kernel vouches for, says who
 *     asks. A runner makes the directory, whole, in tmp and renames it into sight. A name that
 *     nobody can guess is one that nobody can take first.
 *
 * The list is written as the kernel keeps it (acl(5), linux/posix_acl_xattr.h): a library for five
 * lines would be loaded by every request of cee-http.
 */
#include "spool/multiuser.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"

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


enum { JOIN_WAIT_MS = 10000, JOIN_STEP_MS = 2, JOIN_NAME_MAX = OWNER_MAX + ID_LEN + 2, MAKE_TRIES = 8 };

/* ---- the gate ------------------------------------------------------------------- */

struct gate {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry entry[5];
};

/* Root may do all, uid may enter and list, nobody else anything. */
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
} head_part[] = { { "tmp", 0700 }, { "cur", 0755 }, { "join", 01733 } };
enum { HEAD_PARTS = sizeof head_part / sizeof *head_part };

int spool_share_head(int fd, const char *path, struct cee_err *e)
{
	if (geteuid() != 0)
		return cee_fail(e, EPERM, "%s: only root can make a spool that many users share", path);
	for (int i = 0; i < HEAD_PARTS; i++) {
		AUTO_CLOSE int dir = spool_dir_make(fd, head_part[i].name, 0700);
		struct stat st;

		if (dir < 0 || fstat(dir, &st) < 0)
			return cee_fail(e, errno, "%s/%s: %s", path, head_part[i].name, strerror(errno));
		/* that only members of a group may write to join is for the administrator to say */
		if (strcmp(head_part[i].name, "join") == 0 && (st.st_mode & 07777) == 01730)
			continue;
		if (fchown(dir, 0, (gid_t)-1) < 0 || fchmod(dir, head_part[i].mode) < 0)
			return cee_fail(e, errno, "%s/%s: %s", path, head_part[i].name, strerror(errno));
	}
	if (fchown(fd, 0, (gid_t)-1) < 0 || fchmod(fd, 0711) < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* What is not as it should be, as one line with its remedy; NULL when all is. */
static const char *wrong_dir(int at, const char *name, uid_t uid, mode_t mode, char text[SPOOL_SHARE_TEXT])
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		snprintf(text, SPOOL_SHARE_TEXT, "%s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		snprintf(text, SPOOL_SHARE_TEXT, "is no directory");
	else if (st.st_uid != uid)
		snprintf(text, SPOOL_SHARE_TEXT, "belongs to uid %u, %u is right", (unsigned)st.st_uid, (unsigned)uid);
	else if (mode && (st.st_mode & 07777) != mode)
		snprintf(text, SPOOL_SHARE_TEXT, "has mode %04o, %04o is right", st.st_mode & 07777, mode);
	else
		return NULL;
	return text;
}

int spool_share_check(struct spool *s, spool_share_fn f, void *arg)
{
	char text[SPOOL_SHARE_TEXT];
	int n = 0;

	if (wrong_dir(s->fd, ".", 0, 0711, text))
		f(arg, ".", text), n++;
	for (int i = 0; i < HEAD_PARTS; i++) {
		bool join = strcmp(head_part[i].name, "join") == 0;

		if (wrong_dir(s->fd, head_part[i].name, 0, head_part[i].mode, text) &&
		    !(join && !wrong_dir(s->fd, "join", 0, 01730, text)))
			f(arg, head_part[i].name, text), n++;
	}
	return n;
}

/* ---- an owner's part ------------------------------------------------------------------- */

/* out is the runner's, the others are the owner's. */
static const char *const owner_part[] = { "tmp", "new", "cancel", "in", "out", "groups", "keys" };
enum { OWNER_PARTS = sizeof owner_part / sizeof *owner_part };

static bool is_runners(const char *part)
{
	return strcmp(part, "out") == 0;
}

/* Makes a part, or sets it right: root's until all else is done. */
static int share_part(int owner, const char *part, uid_t uid)
{
	bool ours = is_runners(part);
	AUTO_CLOSE int dir = spool_dir_make(owner, part, 0700);
	struct stat st;

	if (dir < 0 || fstat(dir, &st) < 0)
		return -1;
	if ((st.st_mode & 07777) != (ours ? 0755 : 0700) && fchmod(dir, ours ? 0755 : 0700) < 0)
		return -1;
	return st.st_uid == (ours ? 0 : uid) ? 0 : fchown(dir, ours ? 0 : uid, (gid_t)-1);
}

static int share_parts(int dir, uid_t uid, bool durable)
{
	for (int i = 0; i < OWNER_PARTS; i++)
		if (share_part(dir, owner_part[i], uid) < 0)
			return -1;
	if (!gate_is(dir, uid) && gate_set(dir, uid) < 0) /* last: until then only root is in it */
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

/* In tmp, then in sight. Another runner that starts just now may sweep it from tmp: again. */
static int share_new(struct spool *s, int tmp, const char *owner, uid_t uid)
{
	char name[JOIN_NAME_MAX], id[ID_LEN + 1];
	AUTO_CLOSE int dir = -1;

	id_make(id);
	snprintf(name, sizeof name, "%.*s.%s", OWNER_MAX - 1, owner, id);
	if ((dir = spool_dir_make(tmp, name, 0700)) < 0 || share_parts(dir, uid, s->durable) < 0 ||
	    renameat2(tmp, name, s->fd, owner, RENAME_NOREPLACE) < 0) {
		int err = errno;

		spool_remove_tree(tmp, name, 2);
		errno = err;
		return -1;
	}
	return s->durable ? fsync(s->fd) : 0;
}

int spool_share_owner(struct spool *s, const char *owner, uid_t uid, struct cee_err *e)
{
	AUTO_CLOSE int tmp = spool_dir(s->fd, "tmp"), dir = -1;

	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL, "%s: no name for an owner", owner);
	if (tmp < 0)
		return cee_fail(e, errno, "tmp: %s", strerror(errno));
	for (int i = 0; i < MAKE_TRIES; i++) {
		if ((dir = spool_dir(s->fd, owner)) >= 0)
			return fchown(dir, 0, (gid_t)-1) < 0 || share_parts(dir, uid, s->durable) < 0
				       ? share_error(owner, e)
				       : 0;
		if (errno != ENOENT)
			break;
		if (share_new(s, tmp, owner, uid) == 0)
			return 0;
		if (errno != ENOENT && errno != EEXIST)
			break;
	}
	return share_error(owner, e);
}

int spool_share_check_owner(struct spool *s, const char *owner, uid_t uid, spool_share_fn f, void *arg)
{
	AUTO_CLOSE int dir = spool_dir(s->fd, owner);
	char text[SPOOL_SHARE_TEXT], path[OWNER_MAX + 8];
	int n = 0;

	if (wrong_dir(s->fd, owner, 0, 0, text))
		f(arg, owner, text), n++;
	else if (dir >= 0 && !gate_is(dir, uid))
		snprintf(text, sizeof text, "its access control list must let uid %u, and nobody else, enter and list",
			 (unsigned)uid),
			f(arg, owner, text), n++;
	for (int i = 0; dir >= 0 && i < OWNER_PARTS; i++) {
		bool ours = is_runners(owner_part[i]);

		if (!wrong_dir(dir, owner_part[i], ours ? 0 : uid, ours ? 0755 : 0700, text))
			continue;
		snprintf(path, sizeof path, "%.*s/%s", OWNER_MAX - 1, owner, owner_part[i]);
		f(arg, path, text), n++;
	}
	return n;
}

bool spool_owner_uid(const char *owner, const uid_t *http, uid_t *uid)
{
	const char *digits = owner + strlen("uid-");
	size_t n;
	unsigned long long u = 0;

	if (strcmp(owner, "anon") == 0 || strncmp(owner, "http-", strlen("http-")) == 0) {
		if (http)
			*uid = *http;
		return http != NULL;
	}
	if (strncmp(owner, "uid-", strlen("uid-")) != 0 || (n = strlen(digits)) == 0 || n > 10 ||
	    digits[strspn(digits, "0123456789")] || (n > 1 && *digits == '0'))
		return false;
	for (const char *p = digits; *p; p++)
		u = u * 10 + (unsigned)(*p - '0');
	*uid = (uid_t)u;
	return u < UINT32_MAX;
}

/* ---- cur/RUNNER/OWNER ------------------------------------------------------------------ */

int spool_share_claims(int runner, const char *owner, int new)
{
	AUTO_CLOSE int dir = spool_dir(runner, owner);
	struct stat st;
	int keep;

	if (dir < 0) {
		if (errno != ENOENT || fstat(new, &st) < 0 || (dir = spool_dir_make(runner, owner, 0700)) < 0 ||
		    gate_set(dir, st.st_uid) < 0)
			return -1;
	}
	keep = dir;
	dir = -1;
	return keep;
}

/* ---- asking for a part -------------------------------------------------------------------- */

bool spool_join_parse(const char *name, char owner[OWNER_MAX])
{
	size_t n = strlen(name), at = n - ID_LEN - 1;

	if (n < ID_LEN + 2 || at >= OWNER_MAX || name[at] != '.' || !id_valid(name + at + 1))
		return false;
	memcpy(owner, name, at);
	owner[at] = 0;
	return spool_owner_valid(owner);
}

/* Who has no business here is told so, and what to do. */
static int join_error(struct spool *s, const char *owner, bool answered, struct cee_err *e)
{
	if (answered)
		return cee_fail(e, EPERM,
				"%s: the runner does not let uid %u be this owner of the spool (http_user of cee.conf"
				" says who cee-http is)",
				owner, (unsigned)geteuid());
	return cee_fail(e, ETIMEDOUT,
			"%s: has no part of this spool yet, and %s; start cee-runner, or let root run"
			" cee-fsck --make %s",
			owner,
			spool_runner_alive(s, NULL) ? "no runner made it in time" : "no runner is alive to make it",
			owner);
}

static int join_wait(struct spool *s, const char *name, const char *owner, struct cee_err *e)
{
	const struct timespec pause = { .tv_nsec = JOIN_STEP_MS * 1000000L };
	int ms = 0;

	for (;; ms += JOIN_STEP_MS) {
		/* asked first: what was answered before is there */
		bool waits = spool_has(s->fd, name);

		if (spool_has(s->fd, owner))
			return 0;
		if (!waits)
			return join_error(s, owner, true, e);
		if (ms >= JOIN_WAIT_MS || !spool_runner_alive(s, NULL))
			return join_error(s, owner, false, e);
		nanosleep(&pause, NULL);
	}
}

int spool_join(struct spool *s, const char *owner, struct cee_err *e)
{
	char name[JOIN_NAME_MAX + 8], id[ID_LEN + 1];
	AUTO_CLOSE int fd = -1;
	int r, err;

	id_make(id);
	snprintf(name, sizeof name, "join/%.*s.%s", OWNER_MAX - 1, owner, id);
	fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EACCES)
		return cee_fail(e, EACCES,
				"this spool is not for uid %u: its administrator says by the group of its directory"
				" join who may submit",
				(unsigned)geteuid());
	if (fd < 0)
		return cee_fail(e, errno, "%s: %s", name, strerror(errno));
	r = join_wait(s, name, owner, e);
	err = errno;
	unlinkat(s->fd, name, 0);
	errno = err;
	return r;
}

int spool_submits(struct spool *s, const char *owner, struct cee_err *e)
{
	AUTO_CLOSE int new = -1;
	struct stat st;

	if (!s->shared || geteuid() != 0)
		return 0;
	if ((new = spool_owner_part(s, owner, "new", e)) < 0)
		return -1;
	if (fstat(new, &st) < 0 || st.st_uid != geteuid())
		return cee_fail(e, EPERM,
				"%s: is uid %u's, and root submits nothing for others; do it as that user (setpriv,"
				" runuser)",
				owner, (unsigned)st.st_uid);
	return 0;
}

int spool_join_answer(struct spool *s, const char *name, const uid_t *http, char owner[OWNER_MAX], struct cee_err *e)
{
	AUTO_CLOSE int join = spool_dir(s->fd, "join");
	struct stat st;
	uid_t uid;
	int r = 0, err;

	*owner = 0;
	if (join < 0 || fstatat(join, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (!S_ISREG(st.st_mode) || !spool_join_parse(name, owner))
		r = cee_fail(e, EINVAL, "join: uid %u put something there that asks for nothing", (unsigned)st.st_uid);
	else if (!spool_owner_uid(owner, http, &uid) || uid != st.st_uid)
		r = cee_fail(e, EPERM, "%s: uid %u may not be this owner (http_user of cee.conf says who cee-http is)",
			     owner, (unsigned)st.st_uid);
	else
		r = spool_share_owner(s, owner, uid, e) < 0 ? -1 : 1;
	err = errno;
	if (unlinkat(join, name, 0) < 0 && errno == EISDIR)
		unlinkat(join, name, AT_REMOVEDIR); /* one with something in it stays, and does nothing */
	errno = err;
	return r;
}

int spool_each_join(struct spool *s, spool_name_fn f, void *arg)
{
	return spool_each_name(s->fd, "join", f, arg);
}
