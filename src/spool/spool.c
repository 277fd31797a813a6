/* spool.c - the spool: opening it, submitting to it, reading it
 *
 * State is which files exist (cee-spool(5) has the table); what the runner
 * does to them is in spool_runner.c. The rules kept here:
 *   - A file is written in tmp/ by a process that holds a lock on it, synced,
 *     and then renamed without overwriting; on failure it goes.
 *   - tmp/ID is also what makes a submitter of an ID the only one: whoever has
 *     it made or inherited under its lock may look for duplicates and rename.
 *     So the look and the rename are one step to every other submitter.
 *   - Nothing reads a directory that grows with history. A job moves new → cur
 *     → out, and back from cur to new when it is requeued: who looks for it looks
 *     in that order and again, until it is found or was missed each time.
 */
#include "spool/spool.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/spool_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>


enum { FIND_TRIES = 3 };
#define SHARED_WORD " shared"

/* ---- small things ------------------------------------------------------ */


/* mode: what is missing is made with it; 0 it is not made. access: O_PATH on the way, where
 * a reader of a shared spool may pass and not list. */
static int dir_step(int at, const char *name, int access, mode_t mode)
{
	int fd = openat(at, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !mode)
		return fd;
	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return -1;
	return openat(at, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int dir_walk(int at, const char *path, mode_t mode)
{
	int fd = at;

	for (;;) {
		char part[NAME_MAX + 1];
		size_t n = strcspn(path, "/");
		int next;

		if (n == 0 || n > NAME_MAX) {
			errno = n ? ENAMETOOLONG : EINVAL;
			next = -1;
		} else {
			memcpy(part, path, n);
			part[n] = 0;
			next = dir_step(fd, part, path[n] ? O_PATH : O_RDONLY, mode);
		}
		if (fd != at)
			close_ptr(&fd);
		if (next < 0 || !path[n])
			return next;
		fd = next;
		path += n + 1;
	}
}

int spool_dir(int at, const char *path)
{
	return dir_walk(at, path, 0);
}

int spool_dir_make(int at, const char *path, mode_t mode)
{
	return dir_walk(at, path, mode);
}

int spool_has(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

DIR *spool_list(int at, const char *path)
{
	int fd = spool_dir(at, path);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		close_ptr(&fd);
	return d;
}

struct dirent *spool_next(DIR *d)
{
	struct dirent *e;

	do {
		errno = 0;
		e = readdir(d);
	} while (e && e->d_name[0] == '.');
	return e;
}

int spool_each_name(int at, const char *path, spool_name_fn f, void *arg)
{
	DIR *d = spool_list(at, path);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = spool_next(d)))
		r = f(arg, e->d_name);
	closedir(d);
	return r;
}

bool spool_is_dir(DIR *d, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int spool_lock(int fd, bool wait)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EACCES)
		errno = EAGAIN;
	return r;
}

int spool_lock_shared(int fd)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, F_OFD_SETLKW, &l);
	while (r < 0 && errno == EINTR);
	return r;
}

static int locked_against(int fd, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -1;
	return l.l_type != F_UNLCK;
}

int spool_locked(int fd)
{
	return locked_against(fd, F_WRLCK);
}

int spool_locked_alone(int fd)
{
	return locked_against(fd, F_RDLCK);
}

bool spool_same(int fd, int dir, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* ---- names -------------------------------------------------------------- */

static bool name_valid(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= OWNER_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		bool low = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool more = (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';

		if (!low && !(more && i > 0))
			return false;
	}
	return true;
}

bool spool_owner_valid(const char *owner)
{
	return name_valid(owner) && strcmp(owner, "cur") != 0 && strcmp(owner, "tmp") != 0 &&
	       strcmp(owner, "join") != 0 && strcmp(owner, "languages.json") != 0 && strcmp(owner, SPOOL_METRICS) != 0;
}

bool spool_runner_valid(const char *name)
{
	return name_valid(name);
}

void spool_owner_self(char owner[OWNER_MAX])
{
	snprintf(owner, OWNER_MAX, "uid-%u", (unsigned)getuid());
}

void spool_out_path(char path[OWNER_MAX + 64], const char *owner, const char *id)
{
	snprintf(path, OWNER_MAX + 64, "%.*s/out/%.*s/%.*s", OWNER_MAX - 1, owner, SPOOL_BUCKET, id, ID_LEN, id);
}

void spool_new_name(char name[SPOOL_NAME_MAX], const char *id, int priority, int attempts)
{
	if (attempts > 0)
		snprintf(name, SPOOL_NAME_MAX, "%d.%.*s.%d", priority % 10, ID_LEN, id, attempts % 10);
	else
		snprintf(name, SPOOL_NAME_MAX, "%d.%.*s", priority % 10, ID_LEN, id);
}

void spool_cur_name(char name[SPOOL_NAME_MAX], const char *id, int attempt)
{
	snprintf(name, SPOOL_NAME_MAX, "%.*s.%d", ID_LEN, id, attempt % 10);
}

/* "ID" or "ID.N"; *n is 0 without one */
static bool parse_id(const char *name, char id[ID_LEN + 1], int *n)
{
	size_t len = strlen(name);

	if (len != ID_LEN && len != ID_LEN + 2)
		return false;
	memcpy(id, name, ID_LEN);
	id[ID_LEN] = 0;
	*n = 0;
	if (len > ID_LEN) {
		if (name[ID_LEN] != '.' || name[ID_LEN + 1] < '1' || name[ID_LEN + 1] > '9')
			return false;
		*n = name[ID_LEN + 1] - '0';
	}
	return id_valid(id);
}

bool spool_parse_new(const char *name, char id[ID_LEN + 1], int *priority, int *attempts)
{
	if (name[0] < '0' || name[0] > '9' || name[1] != '.')
		return false;
	*priority = name[0] - '0';
	return parse_id(name + 2, id, attempts) && (*attempts == 0 || *priority == 0);
}

bool spool_parse_cur(const char *name, char id[ID_LEN + 1], int *attempt)
{
	return parse_id(name, id, attempt) && *attempt > 0;
}

/* ---- opening ------------------------------------------------------------- */

static bool is_network(long type)
{
	static const unsigned long magic[] = {
		NFS_SUPER_MAGIC,
		SMB_SUPER_MAGIC,
		0xFF534D42 /* CIFS */,
		0xFE534D42 /* SMB2 */,
		0x65735546 /* FUSE: sshfs, gluster and their like */,
		V9FS_MAGIC,
		AFS_SUPER_MAGIC,
		AFS_FS_MAGIC,
		CODA_SUPER_MAGIC,
		NCP_SUPER_MAGIC,
		0x00C36400 /* Ceph */,
		0x0BD00BD0 /* Lustre */,
		0x47504653 /* GPFS */,
		0x7461636F /* OCFS2 */,
		0x01161970 /* GFS2 */,
		0x19830326 /* BeeGFS */,
		0x786F4256 /* vboxsf */
	};

	for (size_t i = 0; i < sizeof(magic) / sizeof(*magic); i++)
		if (((unsigned long)type & 0xFFFFFFFF) == (magic[i] & 0xFFFFFFFF))
			return true;
	return false;
}

static int check_local(int fd, const char *path, struct cee_err *e)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (is_network(fs.f_type))
		return cee_fail(e, ENOTSUP,
				"%s: lies on a network file system (type 0x%lx), where locks and renames"
				" cannot be trusted; put the spool on a local disk",
				path, (unsigned long)fs.f_type);
	return 0;
}

static int make_parents(const char *path)
{
	AUTO_FREE char *p = strdup(path);

	if (!p)
		return -1;
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = 0;
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return -1;
		*s = '/';
	}
	return mkdir(p, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

/* Nobody's files become a spool by a slip of -s. Another maker may be at it
 * at the same time, so its first directories do not count. */
static int check_empty(int fd, const char *path, struct cee_err *e)
{
	DIR *d = spool_list(fd, ".");
	struct dirent *ent;
	int r = 0;

	if (!d)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	while (r == 0 && (ent = spool_next(d)))
		if (strcmp(ent->d_name, "cur") != 0 && strcmp(ent->d_name, "tmp") != 0 &&
		    strcmp(ent->d_name, "join") != 0 && strcmp(ent->d_name, "VERSION") != 0)
			r = cee_fail(e, ENOTEMPTY, "%s: is no spool and not empty (%s); name an empty directory", path,
				     ent->d_name);
	closedir(d);
	return r;
}

/* A name that nobody has, for a file in SPOOL/tmp. */
static void tmp_name(char name[64], const char *what)
{
	char id[ID_LEN + 1];

	id_make(id);
	snprintf(name, 64, "%s.%s", what, id);
}

/* Writes SPOOL/tmp/X under its lock, synced; returns its descriptor. */
static int tmp_write(int tmp, const char *name, const char *text, size_t len, mode_t mode)
{
	AUTO_CLOSE int fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int keep;

	if (fd < 0)
		return -1;
	if (spool_lock(fd, false) < 0 || write_full(fd, text, len) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0) {
		int err = errno;

		unlinkat(tmp, name, 0);
		errno = err;
		return -1;
	}
	keep = fd;
	fd = -1;
	return keep;
}

/* What lies at the head of a spool is for all who may come that far. */
static int put_file(int spool, const char *to, const char *text, size_t len, unsigned flags)
{
	AUTO_CLOSE int tmp = spool_dir(spool, "tmp");
	AUTO_CLOSE int fd = -1;
	struct stat st;
	char name[64];
	int err;

	tmp_name(name, to);
	if (tmp < 0 || fstat(spool, &st) < 0 ||
	    (fd = tmp_write(tmp, name, text, len, st.st_mode & S_IXOTH ? 0644 : 0600)) < 0)
		return -1;
	if (renameat2(tmp, name, spool, to, flags) < 0) {
		err = errno;
		unlinkat(tmp, name, 0);
		errno = err;
		return -1;
	}
	return fsync(spool);
}

static int create(int fd, const char *path, bool shared, struct cee_err *e)
{
	AUTO_CLOSE int cur = -1, tmp = -1;
	char text[32];
	int n = snprintf(text, sizeof(text), "cee-spool %d%s\n", SPOOL_VERSION, shared ? SHARED_WORD : "");

	if (spool_has(fd, "VERSION"))
		n = 0;
	else if (check_empty(fd, path, e) < 0)
		return -1;
	if (n > 0 && shared && spool_share_head(fd, path, e) < 0)
		return -1;
	if (n == 0 && spool_has(fd, "cur") && spool_has(fd, "tmp"))
		return 0;
	if ((cur = spool_dir_make(fd, "cur", 0700)) < 0 || (tmp = spool_dir_make(fd, "tmp", 0700)) < 0)
		return cee_fail(e, errno, "%s: cannot make a spool here: %s", path, strerror(errno));
	/* last: a directory with a VERSION is a whole spool */
	if (n > 0 && put_file(fd, "VERSION", text, (size_t)n, RENAME_NOREPLACE) < 0 && errno != EEXIST)
		return cee_fail(e, errno, "%s/VERSION: %s", path, strerror(errno));
	return 0;
}

static int check_version(struct spool *s, int fd, const char *path, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	char one[32], many[32];

	if (read_file_at(fd, "VERSION", 64, &b) < 0) {
		if (errno == ENOENT)
			return cee_fail(e, ENOENT, "%s: is no spool (no VERSION); make one with cee-fsck --make", path);
		return cee_fail(e, errno, "%s/VERSION: %s", path, strerror(errno));
	}
	snprintf(one, sizeof(one), "cee-spool %d\n", SPOOL_VERSION);
	snprintf(many, sizeof(many), "cee-spool %d" SHARED_WORD "\n", SPOOL_VERSION);
	s->shared = strcmp(b.data ? b.data : "", many) == 0;
	if (!s->shared && strcmp(b.data ? b.data : "", one) != 0)
		return cee_fail(e, EPROTO,
				"%s: is a spool of another version (%.*s); this is cee %s, which wants cee-spool %d",
				path, (int)strcspn(b.data ? b.data : "", "\n"), b.data ? b.data : "", CEE_VERSION,
				SPOOL_VERSION);
	return 0;
}

int spool_open(struct spool *s, const char *path, unsigned flags, bool durable, struct cee_err *e)
{
	AUTO_CLOSE int fd = -1;

	*s = (struct spool){ .fd = -1, .durable = durable };
	if ((flags & SPOOL_CREATE) && make_parents(path) < 0)
		return cee_fail(e, errno, "%s: cannot make it: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES) /* a shared one is listed by root alone */
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return cee_fail(e, ENOENT, "%s: no such spool; make one with cee-fsck --make, or name another with -s",
				path);
	if (fd < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (check_local(fd, path, e) < 0)
		return -1;
	if ((flags & SPOOL_CREATE) && create(fd, path, flags & SPOOL_SHARED, e) < 0)
		return -1;
	if (check_version(s, fd, path, e) < 0)
		return -1;
	if ((flags & SPOOL_SHARED) && !s->shared)
		return cee_fail(e, EEXIST, "%s: is the spool of one user; begin a shared one in an empty directory",
				path);
	if ((flags & SPOOL_SHARED) && spool_share_head(fd, path, e) < 0) /* one that is there is set right */
		return -1;
	s->fd = fd;
	fd = -1;
	return 0;
}

void spool_release(struct spool *s)
{
	close_ptr(&s->fd);
	s->fd = -1;
}

int spool_owner_make(struct spool *s, const char *owner, struct cee_err *e)
{
	static const char *const part[] = { "tmp", "new", "cancel", "in", "out", "groups", "keys" };
	AUTO_CLOSE int dir = -1;

	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL,
				"%s: no name for an owner; it begins with a-z or 0-9, goes on with"
				" letters, digits, '.', '_', '-', has at most %d characters",
				owner, OWNER_MAX - 1);
	if (s->shared)
		return spool_join(s, owner, e);
	dir = spool_dir_make(s->fd, owner, 0700);
	if (dir < 0)
		return cee_fail(e, errno, "%s: %s", owner, strerror(errno));
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
		AUTO_CLOSE int sub = spool_dir_make(dir, part[i], 0700);

		if (sub < 0)
			return cee_fail(e, errno, "%s/%s: %s", owner, part[i], strerror(errno));
	}
	if (s->durable && (fsync(dir) < 0 || fsync(s->fd) < 0))
		return cee_fail(e, errno, "%s: %s", owner, strerror(errno));
	return 0;
}

int spool_owner_part(struct spool *s, const char *owner, const char *part, struct cee_err *e)
{
	char path[OWNER_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%.*s/%s", OWNER_MAX - 1, owner, part);
	fd = spool_dir(s->fd, path);
	if (fd < 0 && errno == ENOENT) {
		if (spool_owner_make(s, owner, e) < 0)
			return -1;
		fd = spool_dir(s->fd, path);
	}
	return fd < 0 ? cee_fail(e, errno, "%s: %s", path, strerror(errno)) : fd;
}

/* ---- where a job is --------------------------------------------------------- */

int spool_find_new(int newdir, const char *id, char name[SPOOL_NAME_MAX])
{
	static const int order[] = { 5, 0, 1, 2, 3, 4, 6, 7, 8, 9 }; /* the default first */

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		spool_new_name(name, id, order[i], 0);
		if (spool_has(newdir, name))
			return 1;
	}
	for (int n = 1; n <= SPOOL_ATTEMPTS; n++) {
		spool_new_name(name, id, 0, n);
		if (spool_has(newdir, name))
			return 1;
	}
	return 0;
}

int spool_find_cur(int ownerdir, const char *id, int *attempt)
{
	for (int n = 1; n <= SPOOL_ATTEMPTS; n++) {
		char name[SPOOL_NAME_MAX];

		spool_cur_name(name, id, n);
		if (spool_has(ownerdir, name)) {
			*attempt = n;
			return 1;
		}
	}
	return 0;
}

int spool_find_claim(struct spool *s, const char *owner, const char *id, struct spool_where *w)
{
	DIR *d = spool_list(s->fd, "cur");
	struct dirent *e;
	int dir = -1;

	if (!d)
		return -1;
	while (dir < 0 && (e = spool_next(d))) {
		char path[2 * OWNER_MAX];

		if (!spool_runner_valid(e->d_name))
			continue;
		snprintf(path, sizeof(path), "%.*s/%.*s", OWNER_MAX - 1, e->d_name, OWNER_MAX - 1, owner);
		dir = spool_dir(dirfd(d), path);
		if (dir >= 0 && !spool_find_cur(dir, id, &w->attempt))
			close_ptr(&dir);
		else if (dir >= 0)
			snprintf(w->runner, sizeof(w->runner), "%.*s", OWNER_MAX - 1, e->d_name);
	}
	closedir(d);
	return dir;
}

static bool attempt_begun(int out, int n)
{
	char path[16];

	snprintf(path, sizeof(path), "%d/index", n);
	return out >= 0 && spool_has(out, path);
}

static int last_attempt(int out)
{
	for (int n = SPOOL_ATTEMPTS; n > 0; n--)
		if (attempt_begun(out, n))
			return n;
	return 0;
}

/* One look: 1 found, 0 not. */
static int look(struct spool *s, const char *owner, const char *id, struct spool_where *w)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id), new = -1, cur = -1;
	char path[OWNER_MAX + 8], name[SPOOL_NAME_MAX], found[ID_LEN + 1];
	int priority;

	memset(w, 0, sizeof(*w));
	snprintf(path, sizeof(path), "%.*s/new", OWNER_MAX - 1, owner);
	if (out >= 0 && spool_has(out, "result")) {
		w->state = STATE_FINISHED;
		w->attempt = last_attempt(out);
		return 1;
	}
	if ((new = spool_dir(s->fd, path)) >= 0 && spool_find_new(new, id, name)) {
		w->state = STATE_CREATED;
		spool_parse_new(name, found, &priority, &w->attempt);
		return 1;
	}
	if ((cur = spool_find_claim(s, owner, id, w)) < 0)
		return 0;
	if (out < 0)
		out = spool_open_out(s, owner, id);
	/* it may have ended, and be on its way to out, since we looked there */
	if (out >= 0 && spool_has(out, "result"))
		w->state = STATE_FINISHED;
	else
		w->state = attempt_begun(out, w->attempt) ? STATE_EXECUTING : STATE_PENDING;
	return 1;
}

static int check_names(const char *owner, const char *id, struct cee_err *e)
{
	if (!spool_owner_valid(owner))
		return cee_fail(e, EINVAL, "%s: no name for an owner", owner);
	if (!id_valid(id))
		return cee_fail(e, EINVAL, "%s: no job id; it is a lower-case UUID of version 7", id);
	return 0;
}

int spool_find(struct spool *s, const char *owner, const char *id, struct spool_where *w, struct cee_err *e)
{
	memset(w, 0, sizeof(*w));
	if (check_names(owner, id, e) < 0)
		return -1;
	for (int i = 0; i < FIND_TRIES; i++)
		if (look(s, owner, id, w))
			return 0;
	return cee_fail(e, ENOENT, "%s: no such job of %s", id, owner);
}

int spool_open_out(struct spool *s, const char *owner, const char *id)
{
	char path[OWNER_MAX + 64];

	if (check_names(owner, id, NULL) < 0)
		return -1;
	spool_out_path(path, owner, id);
	return spool_dir(s->fd, path);
}

int spool_read_result(struct spool *s, const char *owner, const char *id, struct buf *b)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id);

	return out < 0 ? -1 : read_file_at(out, "result", SPOOL_RESULT_MAX, b);
}

int spool_read_tests(struct spool *s, const char *owner, const char *id, int attempt, struct buf *b)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id), dir = -1;
	char n[16];

	snprintf(n, sizeof(n), "%d", attempt);
	dir = out < 0 ? -1 : spool_dir(out, n);
	return dir < 0 ? -1 : read_file_at(dir, "tests", TESTS_MAX_BYTES, b);
}

/* One look in each place: 0 read, -1 ENOENT nowhere, -1 else an error. */
static int read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b)
{
	AUTO_CLOSE int new = -1, cur = -1, out = -1;
	struct spool_where w = { 0 };
	char path[OWNER_MAX + 8], name[SPOOL_NAME_MAX];

	snprintf(path, sizeof(path), "%.*s/new", OWNER_MAX - 1, owner);
	if ((new = spool_dir(s->fd, path)) >= 0 && spool_find_new(new, id, name)) {
		if (read_file_at(new, name, max, b) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
	}
	if ((cur = spool_find_claim(s, owner, id, &w)) >= 0) {
		spool_cur_name(name, id, w.attempt);
		if (read_file_at(cur, name, max, b) == 0)
			return 0;
		if (errno != ENOENT)
			return -1;
	}
	out = spool_open_out(s, owner, id);
	return out < 0 ? -1 : read_file_at(out, "job", max, b);
}

int spool_read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b)
{
	if (check_names(owner, id, NULL) < 0)
		return -1;
	for (int i = 0; i < FIND_TRIES; i++)
		if (read_job(s, owner, id, max, b) == 0)
			return 0;
		else if (errno != ENOENT)
			return -1;
	errno = ENOENT;
	return -1;
}

/* ---- submitting --------------------------------------------------------------- */

struct submit {
	struct spool *s;
	const char *owner, *id;
	int tmp, new; /* the directories */
	int fd;	      /* tmp/ID, locked */
	struct cee_err *e;
};

/* Makes tmp/ID and locks it, or takes it over from a writer that died. Waits for
 * one that lives: whether this is a duplicate is known only when that one is done,
 * and durable then, since the lock is held until the directory is synced. */
static int take_id(struct submit *u)
{
	struct stat st;

	for (;;) {
		u->fd = openat(u->tmp, u->id, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (u->fd < 0 || spool_lock(u->fd, true) < 0)
			return -1;
		if (spool_same(u->fd, u->tmp, u->id)) {
			if (fstat(u->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
				return st.st_size == 0 ? 0 : ftruncate(u->fd, 0);
			errno = EINVAL; /* not what a submitter leaves: cee-fsck names it */
			return -1;
		}
		/* it was renamed, or swept, while we waited */
		close_ptr(&u->fd);
		u->fd = -1;
	}
}

/* In the order in which a job moves, and once more where it may have gone back to. */
static bool is_duplicate(struct submit *u)
{
	struct spool_where w;
	AUTO_CLOSE int cur = -1, out = -1;
	char name[SPOOL_NAME_MAX];

	return spool_find_new(u->new, u->id, name) || (cur = spool_find_claim(u->s, u->owner, u->id, &w)) >= 0 ||
	       (out = spool_open_out(u->s, u->owner, u->id)) >= 0 || spool_find_new(u->new, u->id, name);
}

static int duplicate(struct submit *u)
{
	/* the first submitter may have died between its rename and its sync */
	if (u->s->durable && fsync(u->new) < 0)
		return cee_fail(u->e, errno, "%s/new: %s", u->owner, strerror(errno));
	return cee_fail(u->e, EEXIST, "%s: is submitted already", u->id);
}

/* How many wait, at most max + 1. */
static int64_t count_new(int new, int64_t max)
{
	DIR *d = spool_list(new, ".");
	int64_t n = 0;

	if (!d)
		return -1;
	while (n <= max && spool_next(d))
		n++;
	closedir(d);
	return n;
}

/* A job's entry takes 48 bytes and more of its directory on ext4, xfs and btrfs, so
 * most queues can be seen to be below the bound without reading them. */
static bool is_short(int new, const struct stat *st, int64_t max)
{
	struct statfs fs;

	return st->st_size / 40 < max && fstatfs(new, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC);
}

/* Counting for each submit would make a long queue's submits quadratic. A process
 * counts once a second, adds its own, and counts again before it refuses; processes
 * that submit at the same time may pass the bound by what they submit in a second. */
static int queue_room(struct submit *u, int64_t max)
{
	static _Thread_local struct {
		dev_t dev;
		ino_t ino;
		int64_t n, at;
	} known;
	struct stat st;

	if (fstat(u->new, &st) < 0)
		return -1;
	if (is_short(u->new, &st, max))
		return 0;
	if (st.st_dev != known.dev || st.st_ino != known.ino || known.n >= max || mono_us() - known.at > 1000000) {
		known.n = count_new(u->new, max);
		if (known.n < 0)
			return -1;
		known.dev = st.st_dev;
		known.ino = st.st_ino;
		known.at = mono_us();
	}
	if (known.n >= max)
		return cee_fail(u->e, EAGAIN,
				"%s: the queue is full (%lld jobs wait, the bound is max_queued);"
				" try again later",
				u->owner, (long long)known.n);
	known.n++;
	return 0;
}

static int disk_room(struct submit *u, size_t len, int64_t min_room)
{
	struct statvfs v;
	uint64_t avail;

	if (fstatvfs(u->s->fd, &v) < 0)
		return cee_fail(u->e, errno, "spool: %s", strerror(errno));
	avail = (uint64_t)v.f_bavail * v.f_frsize;
	if (avail < (uint64_t)min_room + len)
		return cee_fail(u->e, ENOSPC,
				"no room in the spool: %llu bytes are free, min_room is %lld;"
				" try again later, or make room with cee-prune --older-than TIME",
				(unsigned long long)avail, (long long)min_room);
	if (v.f_files && v.f_favail < 64)
		return cee_fail(u->e, ENOSPC,
				"no room in the spool: no inodes are free; try again later,"
				" or make room with cee-prune --older-than TIME");
	return 0;
}

static int check_bounds(struct submit *u, size_t len, const struct spool_bounds *b)
{
	if (b && b->min_room > 0 && disk_room(u, len, b->min_room) < 0)
		return -1;
	return b && b->max_queued > 0 ? queue_room(u, b->max_queued) : 0;
}

/* For a system call's failure: a full disk is a reason to come back. */
static int submit_error(struct submit *u, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return cee_fail(u->e, ENOSPC,
				"no room in the spool (%s: %s); try again later,"
				" or make room with cee-prune --older-than TIME",
				what, strerror(errno));
	return cee_fail(u->e, errno, "%s/%s/%s: %s", u->owner, what, u->id, strerror(errno));
}

static int enter(struct submit *u, const char *name)
{
	spool_hook("submit-written");
	if (renameat2(u->tmp, u->id, u->new, name, RENAME_NOREPLACE) < 0)
		return errno == EEXIST ? duplicate(u) : submit_error(u, "tmp");
	spool_hook("submit-renamed");
	if (!u->s->durable || fsync(u->new) == 0)
		return 0;
	submit_error(u, "new");
	if (unlinkat(u->new, name, 0) < 0) { /* a runner has it: it will run */
		int err = errno == ENOENT ? EIO : errno;

		return cee_fail(u->e, err, "%s: is queued, but may not survive a power cut: %s", u->id, strerror(err));
	}
	return -1;
}

static int submit_locked(struct submit *u, int priority, const void *job, size_t len, const struct spool_bounds *b)
{
	char name[SPOOL_NAME_MAX];
	int r;

	if (!(b && b->fresh) && is_duplicate(u))
		r = duplicate(u);
	else if (check_bounds(u, len, b) < 0)
		r = -1;
	else if (write_full(u->fd, job, len) < 0 || (u->s->durable && fsync(u->fd) < 0))
		r = submit_error(u, "tmp");
	else {
		spool_new_name(name, u->id, priority, 0);
		r = enter(u, name);
	}
	if (r < 0 && spool_same(u->fd, u->tmp, u->id)) {
		int err = errno;

		unlinkat(u->tmp, u->id, 0);
		errno = err;
	}
	return r;
}

int spool_submit(struct spool *s, const char *owner, const char *id, int priority, const void *job, size_t len,
		 const struct spool_bounds *b, struct cee_err *e)
{
	AUTO_CLOSE int tmp = -1, new = -1;
	struct submit u = { .s = s, .owner = owner, .id = id, .fd = -1, .e = e };
	int r;

	if (check_names(owner, id, e) < 0)
		return -1;
	if (priority < 0 || priority > 9)
		return cee_fail(e, EINVAL, "priority %d: is 0 (first) to 9 (last)", priority);
	if ((tmp = spool_owner_part(s, owner, "tmp", e)) < 0 || (new = spool_owner_part(s, owner, "new", e)) < 0)
		return -1;
	u.tmp = tmp;
	u.new = new;
	if (take_id(&u) == 0) {
		r = submit_locked(&u, priority, job, len, b);
	} else {
		int err = errno;
		/* a full disk does not make a stranger of a job that is here */
		bool there = is_duplicate(&u);

		errno = err;
		r = there ? duplicate(&u) : submit_error(&u, "tmp");
	}
	close_ptr(&u.fd); /* and the lock with it: now others may look */
	return r;
}

int spool_cancel(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	AUTO_CLOSE int dir = -1, fd = -1;
	struct spool_where w;

	if (spool_find(s, owner, id, &w, e) < 0)
		return -1;
	if (w.state == STATE_FINISHED)
		return 0;
	if ((dir = spool_owner_part(s, owner, "cancel", e)) < 0)
		return -1;
	fd = openat(dir, id, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return cee_fail(e, errno, "%s/cancel/%s: %s", owner, id, strerror(errno));
	if (s->durable && fsync(dir) < 0)
		return cee_fail(e, errno, "%s/cancel: %s", owner, strerror(errno));
	return 0;
}

/* ---- looking around --------------------------------------------------------------- */

int spool_runner_file(struct spool *s, const char *name)
{
	char path[OWNER_MAX + 16];
	int fd;

	if (!spool_runner_valid(name))
		return -1;
	snprintf(path, sizeof(path), "cur/%.*s/%s", OWNER_MAX - 1, name, s->shared ? "alive" : "lock");
	fd = openat(s->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && spool_locked_alone(fd) != 1)
		close_ptr(&fd);
	return fd;
}

bool spool_runner_lives(struct spool *s, const char *name)
{
	AUTO_CLOSE int fd = spool_runner_file(s, name);

	return fd >= 0;
}

int spool_runner_alive(struct spool *s, int *count)
{
	DIR *d = spool_list(s->fd, "cur");
	struct dirent *e;
	int n = 0;

	while (d && (e = spool_next(d)))
		n += spool_runner_lives(s, e->d_name);
	if (d)
		closedir(d);
	if (count)
		*count = n;
	return n > 0;
}

struct counting {
	struct spool *s;
	int64_t waiting;
};

static int count_job(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)owner, (void)id, (void)priority, (void)attempts;
	++*(int64_t *)arg;
	return 0;
}

static int count_owner(void *arg, const char *name)
{
	struct counting *c = arg;
	int r = spool_each_new(c->s, name, count_job, &c->waiting);

	return r < 0 && errno == ENOENT ? 0 : r;
}

static int64_t count_claimed_dir(int runner, const char *owner)
{
	DIR *d = spool_list(runner, owner);
	struct dirent *e;
	char id[ID_LEN + 1];
	int64_t n = 0;
	int attempt;

	while (d && (e = spool_next(d)))
		n += spool_parse_cur(e->d_name, id, &attempt);
	if (d)
		closedir(d);
	return n;
}

/* Of one runner, of all owners. */
static int64_t count_claimed(int cur, const char *runner)
{
	DIR *d = spool_list(cur, runner);
	struct dirent *e;
	int64_t n = 0;

	while (d && (e = spool_next(d)))
		if (spool_owner_valid(e->d_name) && spool_is_dir(d, e))
			n += count_claimed_dir(dirfd(d), e->d_name);
	if (d)
		closedir(d);
	return n;
}

int spool_count(struct spool *s, const char *owner, int64_t *waiting, int64_t *claimed)
{
	struct counting c = { .s = s };
	DIR *d;
	struct dirent *e;

	*waiting = *claimed = 0;
	if (owner && !spool_owner_valid(owner)) {
		errno = EINVAL;
		return -1;
	}
	if ((owner ? count_owner(&c, owner) : spool_each_owner(s, count_owner, &c)) < 0)
		return -1;
	*waiting = c.waiting;
	if (!(d = spool_list(s->fd, "cur")))
		return -1;
	while ((e = spool_next(d))) {
		char path[2 * OWNER_MAX];

		if (!spool_runner_valid(e->d_name) || !spool_is_dir(d, e))
			continue;
		/* a runner's directory is not for everybody to list */
		snprintf(path, sizeof(path), "%.*s/%.*s", OWNER_MAX - 1, e->d_name, OWNER_MAX - 1, owner ? owner : "");
		*claimed += owner ? count_claimed_dir(dirfd(d), path) : count_claimed(dirfd(d), e->d_name);
	}
	closedir(d);
	return 0;
}

/* ---- languages --------------------------------------------------------------------- */

int spool_languages_write(struct spool *s, const char *text, size_t len)
{
	return put_file(s->fd, "languages.json", text, len, 0);
}

int spool_languages_read(struct spool *s, struct buf *b)
{
	return read_file_at(s->fd, "languages.json", SPOOL_RESULT_MAX, b);
}
