/* submission.c - submitting a job (submission.h)
 *
 * The rules kept here:
 *   - A job is written in tmp/ by a process that holds a lock on it, synced, and then renamed into new/
 *     without overwriting; on failure the file is removed.
 *   - The lock of tmp/ID also ensures that an id has one submitter at a time: only the process that holds
 *     it may look for duplicates and rename. So for all other submitters the check and the rename are
 *     one step.
 */
#include "spool/submission.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/limit.h"
#include "base/testhook.h"
#include "spool/find.h"
#include "spool/kept.h"
#include "spool/layout.h"
#include "spool/lookup.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { PART_TRIES = 50 };

struct submit {
	struct spool *s;
	const char *owner, *id;
	int tmp, new; /* the directories */
	int fd;	      /* tmp/ID, locked */
	bool removed; /* one of the directories is gone: try again */
	struct cee_err *e;
};

/* Creates tmp/ID and locks it, or takes it over from a submitter that died. Waits for a live submitter: only when that
 * one is done is it known whether this job is a duplicate. The first job is durable then, because its submitter holds
 * the lock until the directory is synced. */
static int take_id(struct submit *u)
{
	struct stat st;

	for (;;) {
		u->fd = openat(u->tmp, u->id, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (u->fd < 0 || file_lock(u->fd, true) < 0)
			return -1;
		if (file_is_at(u->fd, u->tmp, u->id)) {
			if (fstat(u->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
				return st.st_size == 0 ? 0 : ftruncate(u->fd, 0);
			errno = EINVAL; /* no submitter creates such a file: cee-fsck reports it */
			return -1;
		}
		/* the file was renamed or swept while this process waited for its lock */
		close_ptr(&u->fd);
		u->fd = -1;
	}
}

/* Searches the places in the order in which a job moves, and then the first ones again, because a requeued job moves
 * back. */
static bool is_duplicate(struct submit *u)
{
	struct spool_where w;
	AUTO_CLOSE int cur = -1, out = -1;
	char name[LAYOUT_NAME_MAX];

	return lookup_new(u->new, u->id, name) || (cur = lookup_claim(u->s, u->owner, u->id, &w)) >= 0 ||
	       (out = place_out(u->s, u->owner, u->id)) >= 0 || lookup_new(u->new, u->id, name);
}

static int duplicate(struct submit *u)
{
	/* the first submitter may have died between its rename and its sync */
	if (u->s->durable && fsync(u->new) < 0)
		return cee_fail(u->e, errno, "%s/new: %s", u->owner, strerror(errno));
	return cee_fail(u->e, EEXIST, "%s: a job with this id exists already", u->id);
}

/* Counts the queued jobs, up to max + 1. */
static int64_t count_new(int new, int64_t max)
{
	DIR *d = dir_list(new, ".");
	int64_t n = 0;

	if (!d)
		return -1;
	while (n <= max && dir_next(d))
		n++;
	closedir(d);
	return n;
}

/* A job's entry takes at least 48 bytes of its directory on ext4, xfs and btrfs, so for most queues the directory's
 * size proves that they are below the limit, and they are not read. */
static bool is_short(int new, const struct stat *st, int64_t max)
{
	struct statfs fs;

	return st->st_size / 40 < max && fstatfs(new, &fs) == 0 &&
	       (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC);
}

/* With a count for each submit, the time to submit n jobs would be quadratic in n. So a process counts once a second,
 * adds its own submits, and counts again before it refuses a job. Processes that submit at the same time may exceed the
 * limit by the number of jobs that they submit in a second. */
static int queue_room(struct submit *u, int64_t max)
{
	struct spool_queue_count *known = &u->s->queued;
	struct stat st;

	if (fstat(u->new, &st) < 0)
		return -1;
	if (is_short(u->new, &st, max))
		return 0;
	if (st.st_dev != known->dev || st.st_ino != known->ino || known->n >= max || mono_us() - known->at > 1000000) {
		known->n = count_new(u->new, max);
		if (known->n < 0)
			return -1;
		known->dev = st.st_dev;
		known->ino = st.st_ino;
		known->at = mono_us();
	}
	if (known->n >= max)
		return cee_fail(u->e, EAGAIN,
				"%s: the queue is full (%lld jobs wait, the bound is max_queued);"
				" try again later",
				u->owner, (long long)known->n);
	known->n++;
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

/* Results that are too young to be removed may fill what their owner may keep: then no more jobs are taken until some
 * have gone. Read once a second by one process, as the queue is. */
static int keep_room(struct submit *u, int64_t keep_bytes)
{
	struct spool_queue_count *known = &u->s->queued;
	char has[LIMIT_TEXT_MAX], most[LIMIT_TEXT_MAX];
	struct kept k;

	if (known->kept_at && mono_us() - known->kept_at < 1000000)
		return 0;
	if (kept_read(u->s, u->owner, &k) && k.bytes > keep_bytes) {
		limit_format(has, LIMIT_DISK, k.bytes >> 20 << 20);
		limit_format(most, LIMIT_DISK, keep_bytes);
		return cee_fail(u->e, EDQUOT,
				"%s: %s of results are kept and keep_bytes is %s, and all of them are too young to"
				" be removed for it; remove some (cee-rm, DELETE /tasks/ID), or try again later",
				u->owner, has, most);
	}
	known->kept_at = mono_us();
	return 0;
}

static int check_bounds(struct submit *u, size_t len, const struct spool_bounds *b)
{
	if (b && b->min_room > 0 && disk_room(u, len, b->min_room) < 0)
		return -1;
	if (b && b->keep_bytes > 0 && b->keep_bytes < LIMIT_NONE && keep_room(u, b->keep_bytes) < 0)
		return -1;
	return b && b->max_queued > 0 ? queue_room(u, b->max_queued) : 0;
}

/* Reports a failed system call. A full disk gets its own error, because the submit can succeed later. */
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
	if (unlinkat(u->new, name, 0) < 0) { /* a runner has claimed the job: it will run */
		int err = errno == ENOENT ? EIO : errno;

		return cee_fail(u->e, err, "%s: is queued, but may not survive a power cut: %s", u->id, strerror(err));
	}
	return -1;
}

static int submit_locked(struct submit *u, int priority, const void *job, size_t len, const struct spool_bounds *b)
{
	char name[LAYOUT_NAME_MAX];
	int r;

	if (!(b && b->fresh) && is_duplicate(u))
		r = duplicate(u);
	else if (check_bounds(u, len, b) < 0)
		r = -1;
	else if (write_full(u->fd, job, len) < 0 || (u->s->durable && fsync(u->fd) < 0))
		r = submit_error(u, "tmp");
	else {
		layout_new_name(name, u->id, priority, 0);
		r = enter(u, name);
	}
	if (r < 0 && file_is_at(u->fd, u->tmp, u->id)) {
		int err = errno;

		unlinkat(u->tmp, u->id, 0);
		errno = err;
	}
	return r;
}

/* u->removed: one of the directories was removed meanwhile, as of an owner without jobs (owner_drop.h). */
static int submit_once(struct submit *u, int priority, const void *job, size_t len, const struct spool_bounds *b)
{
	AUTO_CLOSE int tmp = -1, new = -1;
	int r, err;

	u->removed = false;
	if ((tmp = owner_part_open(u->s, u->owner, PART_TMP, u->e)) < 0 ||
	    (new = owner_part_open(u->s, u->owner, PART_NEW, u->e)) < 0)
		return -1;
	u->tmp = tmp;
	u->new = new;
	spool_hook("submit-opened");
	if (take_id(u) == 0) {
		r = submit_locked(u, priority, job, len, b);
	} else {
		bool there;

		err = errno;
		/* report a duplicate even if the disk is full */
		there = is_duplicate(u);
		errno = err;
		r = there ? duplicate(u) : submit_error(u, "tmp");
	}
	err = errno;
	u->removed = r < 0 && (owner_part_removed(tmp, err) || owner_part_removed(new, err));
	close_ptr(&u->fd); /* also releases the lock: now other submitters may check */
	u->fd = -1;
	errno = err;
	return r;
}

int spool_submit(struct spool *s, const char *owner, const char *id, int priority, const void *job, size_t len,
		 const struct spool_bounds *b, struct cee_err *e)
{
	struct submit u = { .s = s, .owner = owner, .id = id, .fd = -1, .e = e };

	if (place_check_names(owner, id, e) < 0)
		return -1;
	if (priority < 0 || priority > 9)
		return cee_fail(e, EINVAL, "priority %d: must be 0 (first) to 9 (last)", priority);
	for (int i = 0; i < PART_TRIES; i++) {
		int r = submit_once(&u, priority, job, len, b);

		if (r == 0 || !u.removed)
			return r;
	}
	return -1;
}

int spool_may_submit(struct spool *s, const char *owner, struct cee_err *e)
{
	AUTO_CLOSE int new = -1;
	struct stat st;

	if (!s->shared || geteuid() != 0)
		return 0;
	if ((new = owner_part_open(s, owner, PART_NEW, e)) < 0)
		return -1;
	if (fstat(new, &st) < 0 || st.st_uid != geteuid())
		return cee_fail(e, EPERM,
				"%s: belongs to uid %u, for whom root cannot submit; do it as that user (setpriv, "
				"runuser)",
				owner, (unsigned)st.st_uid);
	return 0;
}
