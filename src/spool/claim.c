/* spool_runner.c - the spool: what the runner does to it
 *
 * A claim, a requeue, an end: each is one rename, so that at any moment, also
 * after a kill or a power cut, a job is in exactly one place. The rules:
 *   - cur/RUNNER comes into sight by a rename with its lock already held, and
 *     goes out of sight by one. So a directory in cur whose lock can be had
 *     belongs to a runner that died.
 *   - out/…/ID/result alone decides that a job has ended. Who finds a job in cur
 *     looks for it first, and then only moves the job to its side.
 *   - Nothing here syncs but the start: the runner's helper does, with the
 *     descriptors of struct spool_attempt.
 */
#include "spool/claim.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/input.h"
#include "spool/metrics_file.h"
#include "spool/remove.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { GONE_REST_US = 60000000, SWEEP_MOST = 10000 };

/* The lock that spool_each_dead holds while it calls its function, for spool_adopt. */
static _Thread_local struct {
	const char *name;
	int lock;
} held = { NULL, -1 };

/* ---- a runner's directory ------------------------------------------------- */

/* Takes the lock of cur/NAME (or tmp/NAME); EAGAIN when its runner lives. */
static int lock_runner(int dir)
{
	AUTO_CLOSE int fd = openat(dir, "lock", O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int keep;

	if (fd < 0 || spool_lock(fd, false) < 0)
		return -1;
	if (!spool_same(fd, dir, "lock")) {
		errno = ENOENT;
		return -1;
	}
	keep = fd;
	fd = -1;
	return keep;
}

/* Removes the OWNER directories of a runner; ENOTEMPTY when one has a job. */
static int remove_owner_dirs(int dir)
{
	DIR *d = spool_list(dir, ".");
	struct dirent *e;
	int r = d ? 0 : -1, err = errno;

	while (d && (e = spool_next(d)))
		if (spool_is_dir(d, e) && unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) < 0) {
			err = errno;
			r = -1;
		}
	if (d)
		closedir(d);
	errno = err;
	return r;
}

/* For who holds the lock. ENOTEMPTY when jobs are left in it. */
static int remove_runner(struct spool *s, const char *name, int dir)
{
	AUTO_CLOSE int cur = spool_dir(s->fd, "cur"), tmp = spool_dir(s->fd, "tmp");

	if (cur < 0 || tmp < 0 || remove_owner_dirs(dir) < 0)
		return -1;
	if (renameat2(cur, name, tmp, name, RENAME_NOREPLACE) < 0)
		return -1;
	if ((unlinkat(dir, "alive", 0) < 0 && errno != ENOENT) || (unlinkat(dir, "lock", 0) < 0 && errno != ENOENT))
		return -1;
	return unlinkat(tmp, name, AT_REMOVEDIR);
}

static void runner_name(char name[OWNER_MAX])
{
	char host[65] = "", id[ID_LEN + 1];
	size_t n = 0;

	gethostname(host, sizeof(host) - 1);
	for (const char *p = host; *p; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (n && (c == '-' || c == '.' || c == '_')))
			host[n++] = c;
	}
	host[n] = 0;
	id_make(id); /* its last eight digits are random */
	snprintf(name, OWNER_MAX, "%s.%ld.%s", n ? host : "host", (long)getpid(), id + ID_LEN - 8);
}

/* A lock that anybody could open is one that anybody could share when its runner is dead, so
 * that no other runner gets it. In a shared spool users look at a second one. */
static int make_alive(struct spool_runner *r)
{
	r->alivefd = openat(r->dirfd, "alive", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return r->alivefd < 0 ? -1 : spool_lock(r->alivefd, false);
}

static int make_runner(struct spool_runner *r, int tmp, int cur)
{
	runner_name(r->name);
	if (mkdirat(tmp, r->name, r->s->shared ? 0711 : 0700) < 0)
		return -1;
	if ((r->dirfd = spool_dir(tmp, r->name)) < 0)
		return -1;
	r->lockfd = openat(r->dirfd, "lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r->lockfd < 0 || spool_lock(r->lockfd, false) < 0 || (r->s->shared && make_alive(r) < 0))
		return -1;
	return renameat2(tmp, r->name, cur, r->name, RENAME_NOREPLACE);
}

static void runner_close(struct spool_runner *r)
{
	close_ptr(&r->dirfd);
	close_ptr(&r->lockfd);
	close_ptr(&r->alivefd);
	r->dirfd = r->lockfd = r->alivefd = -1;
}

int spool_runner_open(struct spool_runner *r, struct spool *s, struct cee_err *e)
{
	AUTO_CLOSE int cur = spool_dir(s->fd, "cur"), tmp = spool_dir(s->fd, "tmp");
	int err = ENOENT;

	r->s = s;
	r->dirfd = r->lockfd = r->alivefd = -1;
	if (s->shared && geteuid() != 0)
		return cee_fail(e, EPERM, "many users share it, so that its runner must be root");
	if (cur < 0 || tmp < 0)
		return cee_fail(e, errno, "the spool's cur or tmp: %s; cee-fsck says more", strerror(errno));
	spool_sweep_dir(tmp);
	/* another runner that starts may sweep ours before we have the lock: once more */
	for (int i = 0; i < 8; i++) {
		if (make_runner(r, tmp, cur) == 0)
			return s->durable ? fsync(cur) : 0;
		err = errno;
		runner_close(r);
		if (err != ENOENT && err != EAGAIN && err != EEXIST)
			break;
	}
	return cee_fail(e, err, "cur/%s: cannot make it: %s", r->name, strerror(err));
}

void spool_runner_release(struct spool_runner *r)
{
	if (r->dirfd >= 0)
		spool_metrics_remove(r->s, r->name);
	if (r->dirfd >= 0)
		remove_runner(r->s, r->name, r->dirfd);
	runner_close(r);
}

/* ---- going through the spool -------------------------------------------------- */

static DIR *list_part(struct spool *s, const char *owner, const char *part)
{
	char path[OWNER_MAX + 8];

	if (!spool_owner_valid(owner)) {
		errno = EINVAL;
		return NULL;
	}
	snprintf(path, sizeof(path), "%.*s/%s", OWNER_MAX - 1, owner, part);
	return spool_list(s->fd, path);
}

/* closedir, and what the walk comes to: r, or -1 when reading failed. */
static int list_end(DIR *d, int r)
{
	int err = errno;

	closedir(d);
	errno = err;
	return r ? r : err ? -1 : 0;
}

int spool_each_new(struct spool *s, const char *owner, spool_job_fn f, void *arg)
{
	DIR *d = list_part(s, owner, "new");
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = spool_next(d))) {
		char id[ID_LEN + 1];
		int priority, attempts;

		if (spool_parse_new(e->d_name, id, &priority, &attempts))
			r = f(arg, owner, id, priority, attempts);
	}
	return list_end(d, r);
}

int spool_each_owner(struct spool *s, spool_name_fn f, void *arg)
{
	DIR *d = spool_list(s->fd, ".");
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = spool_next(d)))
		if (spool_owner_valid(e->d_name) && spool_is_dir(d, e))
			r = f(arg, e->d_name);
	return list_end(d, r);
}

int spool_each_cancel(struct spool *s, const char *owner, spool_name_fn f, void *arg)
{
	DIR *d = list_part(s, owner, "cancel");
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = spool_next(d)))
		if (id_valid(e->d_name))
			r = f(arg, e->d_name);
	return list_end(d, r);
}

bool spool_removal_parse(const char *name, char id[ID_LEN + 1])
{
	if (strnlen(name, ID_LEN) < ID_LEN || strcmp(name + ID_LEN, REMOVAL) != 0)
		return false;
	memcpy(id, name, ID_LEN);
	id[ID_LEN] = 0;
	return id_valid(id);
}

int spool_each_removal(struct spool *s, const char *owner, spool_name_fn f, void *arg)
{
	DIR *d = list_part(s, owner, "cancel");
	struct dirent *e;
	char id[ID_LEN + 1];
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = spool_next(d)))
		if (spool_removal_parse(e->d_name, id))
			r = f(arg, id);
	return list_end(d, r);
}

/* OWNER/PART, opened; EINVAL for names that cannot be. */
static int part_of(struct spool *s, const char *owner, const char *part, const char *id)
{
	char path[OWNER_MAX + 8];

	if (!spool_owner_valid(owner) || !id_valid(id)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(path, sizeof(path), "%.*s/%s", OWNER_MAX - 1, owner, part);
	return spool_dir(s->fd, path);
}

bool spool_cancel_wanted(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = part_of(s, owner, "cancel", id);

	return dir >= 0 && spool_has(dir, id);
}

int spool_cancel_clear(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int dir = part_of(s, owner, "cancel", id);

	if (dir >= 0 && unlinkat(dir, id, 0) == 0)
		return 0;
	return errno == ENOENT ? 0 : -1;
}

/* ---- claim, requeue, retire ------------------------------------------------------ */

static int result_exists(struct spool *s, const char *owner, const char *id)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id);

	return out >= 0 && spool_has(out, "result");
}

/* What was put into new/ need not be a file: a link, a fifo, a folder. Such a thing must not
 * come to lie in out/, where readers look: an empty file stands for it. A folder that has
 * something in it goes back to its owner's tmp/. */
static void disarm(struct spool *s, int from, const char *owner, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || (S_ISREG(st.st_mode) && st.st_nlink == 1))
		return;
	if (unlinkat(from, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0) {
		char path[OWNER_MAX + 8];
		AUTO_CLOSE int tmp = -1;

		snprintf(path, sizeof(path), "%.*s/tmp", OWNER_MAX - 1, owner);
		if ((tmp = spool_dir(s->fd, path)) < 0 || renameat2(from, name, tmp, name, RENAME_NOREPLACE) < 0)
			return; /* cee-fsck names it */
	}
	fd = openat(from, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, spool_file_mode(s));
	close_ptr(&fd);
}

/* from is cur/RUNNER/OWNER */
static int retire_from(struct spool *s, int from, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id);
	char name[SPOOL_NAME_MAX];

	spool_cur_name(name, id, attempt);
	disarm(s, from, owner, name);
	if (out < 0 || renameat(from, name, out, "job") < 0)
		return -1;
	spool_hook("retired");
	spool_input_clear(s, owner, id);
	return spool_cancel_clear(s, owner, id);
}

/* The room that a result would have taken; its attempt will have none. */
static void drop_reserve(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id);
	char path[24];

	snprintf(path, sizeof(path), "%d/result.new", attempt % 10);
	if (out >= 0)
		unlinkat(out, path, 0);
}

/* attempts: how many of them count, attempt or one less */
static int requeue_from(struct spool *s, int from, const char *owner, const char *id, int attempt, int attempts)
{
	AUTO_CLOSE int new = part_of(s, owner, "new", id);
	char name[SPOOL_NAME_MAX], to[SPOOL_NAME_MAX];

	spool_cur_name(name, id, attempt);
	spool_new_name(to, id, 0, attempts);
	if (new < 0)
		return -1;
	/* first: afterwards another runner may already be at the next attempt */
	drop_reserve(s, owner, id, attempt);
	if (renameat2(from, name, new, to, RENAME_NOREPLACE) < 0) {
		/* a name that only a runner gives: what its owner has put there goes */
		if (errno != EEXIST || (unlinkat(new, to, 0) < 0 && unlinkat(new, to, AT_REMOVEDIR) < 0) ||
		    renameat2(from, name, new, to, RENAME_NOREPLACE) < 0)
			return -1;
	}
	spool_hook("requeued");
	return 0;
}

int spool_claim(struct spool_runner *r, const char *owner, const char *id, int priority, int attempts)
{
	AUTO_CLOSE int new = part_of(r->s, owner, "new", id), mine = -1;
	char from[SPOOL_NAME_MAX], to[SPOOL_NAME_MAX];
	int n = attempts < SPOOL_ATTEMPTS ? attempts + 1 : SPOOL_ATTEMPTS;

	if (new < 0 || (mine = r->s->shared ? spool_share_claims(r->dirfd, owner, new)
					    : spool_dir_make(r->dirfd, owner, 0700)) < 0)
		return -1;
	spool_new_name(from, id, priority, attempts);
	spool_cur_name(to, id, n);
	if (renameat2(new, from, mine, to, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST) /* we have one of this id: a second name of it waits, and nobody else with it */
			errno = ENOENT;
		return -1;
	}
	spool_hook("claimed");
	/* A power cut can bring a job back that has ended. */
	if (result_exists(r->s, owner, id)) {
		if (retire_from(r->s, mine, owner, id, n) == 0)
			errno = ENOENT;
		return -1;
	}
	return n;
}

/* cur/ME/OWNER */
static int my_owner(struct spool_runner *r, const char *owner, const char *id)
{
	if (!spool_owner_valid(owner) || !id_valid(id)) {
		errno = EINVAL;
		return -1;
	}
	return spool_dir(r->dirfd, owner);
}

int spool_claimed_read(struct spool_runner *r, const char *owner, const char *id, int attempt, size_t max,
		       struct buf *b)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id);
	char name[SPOOL_NAME_MAX];

	spool_cur_name(name, id, attempt);
	return mine < 0 ? -1 : read_file_at(mine, name, max, b);
}

/* A disk that was too full for the attempt's files must not use the job's attempts up:
 * one that left no directory was none. (A dead runner's counts: it may be why it died.) */
int spool_requeue(struct spool_runner *r, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id), out = -1;
	char n[16];
	bool begun;

	if (mine < 0)
		return -1;
	snprintf(n, sizeof(n), "%d", attempt);
	out = spool_open_out(r->s, owner, id);
	begun = out >= 0 && spool_has(out, n);
	return requeue_from(r->s, mine, owner, id, attempt, begun ? attempt : attempt - 1);
}

int spool_job_retire(struct spool_runner *r, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id);

	return mine < 0 ? -1 : retire_from(r->s, mine, owner, id, attempt);
}

/* ---- an attempt -------------------------------------------------------------------- */

static const char *const attempt_file[] = { "stdout", "stderr", "index", "result.new" };

/* An attempt of this number is there already: of a ninth and later one, or of one
 * whose claim a power cut took back. It keeps its files under another name, since
 * what its readers have read stays true. */
static int move_aside(int dir, const char *n)
{
	char id[ID_LEN + 1], aside[16];

	id_make(id);
	snprintf(aside, sizeof(aside), "%s.%s", n, id + ID_LEN - 8);
	return renameat2(dir, n, dir, aside, RENAME_NOREPLACE);
}

static int make_attempt_dir(int dir, const char *n, mode_t mode)
{
	int r = mkdirat(dir, n, mode);

	if (r < 0 && errno == EEXIST && move_aside(dir, n) == 0)
		r = mkdirat(dir, n, mode);
	return r < 0 ? -1 : spool_dir(dir, n);
}

enum { NEW_FILE = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, NEW_LOG = NEW_FILE | O_WRONLY | O_APPEND };

static int make_files(struct spool_attempt *a)
{
	int err;

	a->out = openat(a->attempt_dir, "stdout", NEW_LOG, a->mode);
	a->err = openat(a->attempt_dir, "stderr", NEW_LOG, a->mode);
	/* not O_APPEND: fallocate may have to write the result's room */
	a->result = openat(a->attempt_dir, "result.new", NEW_FILE | O_RDWR, a->mode);
	if (a->out < 0 || a->err < 0 || a->result < 0)
		return -1;
	/* the size stays what is written, so nothing has to be cut off at the end */
	if (fallocate(a->result, FALLOC_FL_KEEP_SIZE, 0, SPOOL_RESULT_ROOM) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return -1;
	err = posix_fallocate(a->result, 0, SPOOL_RESULT_ROOM);
	errno = err;
	return err ? -1 : 0;
}

/* After a failure nothing of the attempt stays, so that it does not look begun. */
static void unmake(struct spool_attempt *a, const char *n)
{
	int err = errno;

	for (size_t i = 0; a->attempt_dir >= 0 && i < 4; i++)
		unlinkat(a->attempt_dir, attempt_file[i], 0);
	if (a->dir >= 0)
		unlinkat(a->dir, n, AT_REMOVEDIR);
	spool_attempt_release(a);
	errno = err;
}

int spool_attempt_open(struct spool_runner *r, const char *owner, const char *id, int attempt, struct spool_attempt *a)
{
	char path[OWNER_MAX + 64], n[4];

	*a = SPOOL_ATTEMPT_NONE;
	a->mode = spool_file_mode(r->s);
	if (!spool_owner_valid(owner) || !id_valid(id) || attempt < 1 || attempt > SPOOL_ATTEMPTS) {
		errno = EINVAL;
		return -1;
	}
	snprintf(n, sizeof(n), "%d", attempt);
	spool_out_path(path, owner, id);
	if ((a->dir = spool_dir_make(r->s->fd, path, spool_dir_mode(r->s))) < 0)
		return -1;
	if ((a->attempt_dir = make_attempt_dir(a->dir, n, spool_dir_mode(r->s))) < 0 || make_files(a) < 0) {
		unmake(a, n);
		return -1;
	}
	spool_hook("attempt-made");
	return 0;
}

int spool_attempt_begin(struct spool_attempt *a)
{
	if (a->index < 0)
		a->index = openat(a->attempt_dir, "index", NEW_LOG, a->mode);
	return a->index < 0 ? -1 : 0;
}

/* Some file systems cannot reserve room: there a full disk makes the result wait. */
int spool_attempt_tests(const struct spool_attempt *a, int64_t room)
{
	int fd = openat(a->attempt_dir, "tests", NEW_LOG, a->mode);

	if (fd >= 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)room) < 0 && errno == ENOSPC) {
		unlinkat(a->attempt_dir, "tests", 0);
		close_ptr(&fd);
		return -1;
	}
	return fd;
}

void spool_attempt_tests_end(int fd, int64_t size, int64_t room)
{
	if (size < room &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)size, (off_t)(room - size)) < 0)
		return; /* it stays reserved as long as the attempt is there */
}

int spool_attempt_files(struct spool_attempt *a)
{
	if (a->files < 0)
		a->files = openat(a->attempt_dir, "files", NEW_LOG, a->mode);
	if (a->files >= 0 && a->files_index < 0)
		a->files_index = openat(a->attempt_dir, "files.index", NEW_LOG, a->mode);
	return a->files < 0 || a->files_index < 0 ? -1 : 0;
}

void spool_attempt_release(struct spool_attempt *a)
{
	int *fd[] = { &a->dir, &a->attempt_dir, &a->out, &a->err, &a->index, &a->files, &a->files_index, &a->result };

	for (size_t i = 0; i < sizeof(fd) / sizeof(*fd); i++) {
		close_ptr(fd[i]);
		*fd[i] = -1;
	}
}

int spool_result_write(struct spool_attempt *a, const char *text, size_t len)
{
	struct stat st;

	if (len > SPOOL_RESULT_MAX) {
		errno = EFBIG;
		return -1;
	}
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(a->result, text + done, len - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	if (fstat(a->result, &st) < 0 || (st.st_size != (off_t)len && ftruncate(a->result, (off_t)len) < 0))
		return -1;
	spool_hook("result-written");
	return 0;
}

int spool_result_publish(struct spool_attempt *a)
{
	if (renameat2(a->attempt_dir, "result.new", a->dir, "result", RENAME_NOREPLACE) < 0)
		return -1;
	spool_hook("result-published");
	return 0;
}

/* ---- dead runners ------------------------------------------------------------------- */

int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg)
{
	DIR *d = spool_list(r->s->fd, "cur");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n == 0 && (e = spool_next(d))) {
		AUTO_CLOSE int dir = -1, lock = -1;

		if (!spool_runner_valid(e->d_name) || strcmp(e->d_name, r->name) == 0)
			continue;
		if ((dir = spool_dir(dirfd(d), e->d_name)) < 0 || (lock = lock_runner(dir)) < 0)
			continue;
		held.name = e->d_name;
		held.lock = lock;
		n = f(arg, e->d_name);
		held.name = NULL;
		errno = 0;
	}
	return list_end(d, n);
}

/* A verdict that was written, but whose last rename the dead runner did not come to, holds:
 * in durable mode this file was on the disk before anybody could see the result. */
static void publish_written(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int dir = spool_open_out(s, owner, id), at = -1;
	AUTO_BUF struct buf text = { 0 };
	struct result r;
	char n[16];

	snprintf(n, sizeof(n), "%d", attempt);
	if (dir < 0 || (at = spool_dir(dir, n)) < 0 || read_file_at(at, "result.new", SPOOL_RESULT_MAX, &text) < 0 ||
	    !text.len || text.data[text.len - 1] != '\n' || result_parse(&r, text.data, text.len, NULL) < 0)
		return;
	if (strcmp(r.id, id) == 0 && r.attempt == attempt)
		renameat2(at, "result.new", dir, "result", RENAME_NOREPLACE);
	result_release(&r);
}

struct adopt {
	struct spool *s;
	spool_job_fn f;
	void *arg;
	int err;
};

static void adopt_job(struct adopt *a, int from, const char *owner, const char *id, int attempt)
{
	publish_written(a->s, owner, id, attempt);
	if (result_exists(a->s, owner, id)) {
		if (retire_from(a->s, from, owner, id, attempt) < 0)
			a->err = errno;
	} else if (requeue_from(a->s, from, owner, id, attempt, attempt) < 0) {
		a->err = errno;
	} else if (a->f) {
		a->f(a->arg, owner, id, 0, attempt);
	}
}

static void adopt_owner(struct adopt *a, int runner, const char *owner)
{
	DIR *d = spool_list(runner, owner);
	struct dirent *e;

	if (!d)
		a->err = errno;
	while (d && (e = spool_next(d))) {
		char id[ID_LEN + 1];
		int attempt;

		if (spool_parse_cur(e->d_name, id, &attempt))
			adopt_job(a, dirfd(d), owner, id, attempt);
	}
	if (d)
		closedir(d);
}

static int adopt_all(struct adopt *a, const char *dead, int dir)
{
	DIR *d = spool_list(dir, ".");
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = spool_next(d)))
		if (spool_owner_valid(e->d_name) && spool_is_dir(d, e))
			adopt_owner(a, dir, e->d_name);
	closedir(d);
	if (a->err) {
		errno = a->err;
		return -1;
	}
	return remove_runner(a->s, dead, dir);
}

int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg)
{
	AUTO_CLOSE int cur = spool_dir(r->s->fd, "cur"), dir = -1, lock = -1;
	struct adopt a = { .s = r->s, .f = f, .arg = arg };

	if (!spool_runner_valid(dead) || strcmp(dead, r->name) == 0) {
		errno = EINVAL;
		return -1;
	}
	if (cur < 0)
		return -1;
	if ((dir = spool_dir(cur, dead)) < 0)
		return errno == ENOENT ? 0 : -1; /* another has done it */
	if (!(held.name && strcmp(held.name, dead) == 0) && (lock = lock_runner(dir)) < 0)
		return errno == ENOENT ? 0 : -1;
	if (adopt_all(&a, dead, dir) < 0)
		return -1;
	spool_metrics_remove(r->s, dead);
	return 0;
}

/* ---- sweeping ------------------------------------------------------------------------- */

static void sweep_runner(int tmp, const char *name)
{
	AUTO_CLOSE int dir = spool_dir(tmp, name), lock = -1;

	if (dir < 0 || ((lock = lock_runner(dir)) < 0 && errno != ENOENT))
		return;
	if (remove_owner_dirs(dir) == 0 && (unlinkat(dir, "alive", 0) == 0 || errno == ENOENT) &&
	    (lock < 0 || unlinkat(dir, "lock", 0) == 0))
		unlinkat(tmp, name, AT_REMOVEDIR);
}

static void sweep_file(int tmp, const char *name)
{
	AUTO_CLOSE int fd = openat(tmp, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (spool_lock(fd, false) == 0 && spool_same(fd, tmp, name))
		unlinkat(tmp, name, 0);
}

int spool_sweep_dir(int dir)
{
	DIR *d = spool_list(dir, ".");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n++ < SWEEP_MOST && (e = spool_next(d))) {
		if (spool_is_gone(e->d_name))
			spool_sweep_gone(dirfd(d), e->d_name, GONE_REST_US);
		else if (spool_is_dir(d, e))
			sweep_runner(dirfd(d), e->d_name);
		else
			sweep_file(dirfd(d), e->d_name);
		errno = 0;
	}
	return list_end(d, 0);
}

/* Of another user's tmp/, where nothing else is any business of a runner's. */
static int sweep_files(int tmp)
{
	DIR *d = spool_list(tmp, ".");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n++ < SWEEP_MOST && (e = spool_next(d))) {
		if (!spool_is_dir(d, e))
			sweep_file(dirfd(d), e->d_name);
		errno = 0;
	}
	return list_end(d, 0);
}

int spool_sweep(struct spool *s, const char *owner)
{
	AUTO_CLOSE int tmp = -1;
	char path[OWNER_MAX + 8];

	if (!spool_owner_valid(owner)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(path, sizeof(path), "%.*s/tmp", OWNER_MAX - 1, owner);
	tmp = spool_dir(s->fd, path);
	if (tmp < 0)
		return -1;
	return s->shared ? sweep_files(tmp) : spool_sweep_dir(tmp);
}
