/* remove.c - the end of a finished job: all of it goes, or none of it is gone
 *
 * The rules kept here:
 *   - Only a job that is retired goes: result and job lie in out/, and new/ and cur/ have
 *     nothing of it. A runner that is about to put the job's file away would else bring it
 *     back to life.
 *   - First the key, so that it never stands for a job that is gone; then one rename out of
 *     out/ to tmp/ID.gone.RANDOM, which is the removal; then the files. Killed in between,
 *     the rest lies where nobody reads, and the sweep of tmp/ removes it.
 *   - In a shared spool out/ is the runner's. Its owner looks, removes the key, and leaves the
 *     wish cancel/ID.remove, which a runner answers by the rest; what is left lies in the spool's
 *     own tmp/, where no owner has a hand in it.
 *   - Trees are walked beneath a descriptor, no links followed, no deeper than a job is.
 */
#include "spool/remove.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/key.h"
#include "spool/spool.h"
#include "spool/spool_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


enum { TREE_DEPTH = 8, BUCKET_OLD_S = 7200, ASK_WAIT_MS = 10000, ASK_STEP_MS = 2 };
#define GONE ".gone."

/* ---- trees ------------------------------------------------------------------------ */

static int remove_entries(int fd, int depth)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0, err = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		close_ptr(&copy);
		return -1;
	}
	rewinddir(d);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    spool_remove_tree(dirfd(d), e->d_name, depth) < 0) {
			err = errno;
			r = -1;
		} else {
			spool_hook("tree-begun");
		}
	closedir(d);
	errno = err;
	return r;
}

int spool_remove_tree(int at, const char *name, int depth)
{
	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(at, name, 0) == 0 || errno == ENOENT ? 0 : -1;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (depth <= 0) {
		errno = ELOOP;
		return -1;
	}
	/* once more for what readdir passed over while others removed beside us */
	for (int i = 0; i < 3; i++) {
		if (remove_entries(fd, depth - 1) < 0)
			return -1;
		if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
	}
	return -1;
}

bool spool_is_gone(const char *name)
{
	char id[ID_LEN + 1];

	if (strlen(name) <= ID_LEN + strlen(GONE) || strncmp(name + ID_LEN, GONE, strlen(GONE)) != 0)
		return false;
	memcpy(id, name, ID_LEN);
	id[ID_LEN] = 0;
	return id_valid(id);
}

int spool_sweep_gone(int tmp, const char *name, int64_t older_us)
{
	struct stat st;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	/* who removes it may be at it: two do not hurt each other, but one is enough */
	if (now_us() - ((int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000) < older_us)
		return 0;
	return spool_remove_tree(tmp, name, TREE_DEPTH);
}

/* ---- a job ------------------------------------------------------------------------------ */

/* Has it ended for good? Else why not. */
static int check_retired(struct spool *s, const char *owner, const char *id, int out, int new, struct cee_err *e)
{
	AUTO_CLOSE int cur = -1;
	struct spool_where w = { 0 };
	char name[SPOOL_NAME_MAX];

	if (out < 0 || !spool_has(out, "result")) {
		if (spool_find(s, owner, id, &w, e) < 0)
			return -1;
		if (w.state != STATE_FINISHED)
			return cee_fail(e, EBUSY, "%s: is %s; end it first (cee-cancel), or have it ended (-f)", id,
					w.state == STATE_CREATED ? "waiting" : "running");
	}
	if (out < 0 || !spool_has(out, "job") || spool_find_new(new, id, name) ||
	    (cur = spool_find_claim(s, owner, id, &w)) >= 0)
		return cee_fail(e, EAGAIN,
				"%s: has ended, but a runner has still to put its file away; try again"
				" when one is alive",
				id);
	return 0;
}

static int remove_key(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	AUTO_BUF struct buf text = { 0 };
	struct result r;
	int err = 0;

	/* a result that cannot be read names no key: that entry goes with the next prune */
	if (spool_read_result(s, owner, id, &text) < 0 || result_parse(&r, text.data, text.len, NULL) < 0)
		return 0;
	if (r.key && key_remove(s, owner, r.key, id) < 0)
		err = errno;
	result_release(&r);
	if (err)
		return cee_fail(e, err, "%s: its key cannot be removed: %s", id, strerror(err));
	spool_hook("key-removed");
	return 0;
}

static int fail(struct cee_err *e, const char *id)
{
	return cee_fail(e, errno, "%s: cannot be removed: %s", id, strerror(errno));
}

static int take_away(struct spool *s, int bucket, int tmp, const char *id, struct cee_err *e)
{
	char random[ID_LEN + 1], name[ID_LEN + 16];

	id_make(random);
	snprintf(name, sizeof name, "%s" GONE "%s", id, random + ID_LEN - 8);
	if (renameat2(bucket, id, tmp, name, RENAME_NOREPLACE) < 0)
		return errno == ENOENT ? cee_fail(e, ENOENT, "%s: is gone already", id) : fail(e, id);
	if (s->durable && (fsync(bucket) < 0 || fsync(tmp) < 0))
		return fail(e, id);
	spool_hook("job-removed");
	return spool_remove_tree(tmp, name, TREE_DEPTH) < 0 ? fail(e, id) : 0;
}

/* The wish for it, until a runner has answered. */
static int ask(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	const struct timespec pause = { .tv_nsec = ASK_STEP_MS * 1000000L };
	AUTO_CLOSE int dir = spool_owner_part(s, owner, "cancel", e), fd = -1;
	char name[ID_LEN + sizeof REMOVAL];
	int ms = 0;

	if (dir < 0)
		return -1;
	snprintf(name, sizeof name, "%s" REMOVAL, id);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, id);
	for (; spool_has(dir, name) && ms < ASK_WAIT_MS && spool_runner_alive(s, NULL); ms += ASK_STEP_MS)
		nanosleep(&pause, NULL);
	unlinkat(dir, name, 0);
	close_ptr(&fd);
	fd = spool_open_out(s, owner, id);
	if (fd < 0 && errno == ENOENT)
		return 0;
	return cee_fail(e, EAGAIN, "%s: is for a runner to remove, and none has; try again when one is alive", id);
}

static int remove_retired(struct spool *s, const char *owner, const char *id, bool with_key, struct cee_err *e)
{
	AUTO_CLOSE int out = spool_open_out(s, owner, id), new = -1, tmp = -1, bucket = -1;
	char path[OWNER_MAX + 64];

	if (out < 0 && errno != ENOENT)
		return fail(e, id);
	if ((new = spool_owner_part(s, owner, "new", e)) < 0 || check_retired(s, owner, id, out, new, e) < 0)
		return -1;
	spool_out_path(path, owner, id);
	*strrchr(path, '/') = 0;
	if ((bucket = spool_dir(s->fd, path)) < 0)
		return fail(e, id);
	/* that it left new/ and cur/ was never synced: a power cut must not bring it back now */
	if (s->durable && (fsync(new) < 0 || fsync(out) < 0))
		return fail(e, id);
	if (with_key && remove_key(s, owner, id, e) < 0)
		return -1;
	if (s->shared && geteuid() != 0)
		return ask(s, owner, id, e);
	tmp = s->shared ? spool_dir(s->fd, "tmp") : spool_owner_part(s, owner, "tmp", e);
	return tmp < 0 ? -1 : take_away(s, bucket, tmp, id, e);
}

int spool_remove(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	return remove_retired(s, owner, id, true, e);
}

/* The key is its owner's, who has seen to it. */
int spool_removal_answer(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	char path[OWNER_MAX + 64];
	AUTO_CLOSE int out = -1, cancel = -1;
	int r, err;

	if (!spool_owner_valid(owner) || !id_valid(id))
		return cee_fail(e, EINVAL, "no such job");
	r = remove_retired(s, owner, id, false, e);
	err = errno;
	snprintf(path, sizeof path, "%.*s/cancel", OWNER_MAX - 1, owner);
	if ((cancel = spool_dir(s->fd, path)) >= 0) {
		snprintf(path, sizeof path, "%s" REMOVAL, id);
		unlinkat(cancel, path, 0);
	}
	snprintf(path, sizeof path, "%.*s/out", OWNER_MAX - 1, owner);
	if (r == 0 && (out = spool_dir(s->fd, path)) >= 0) {
		snprintf(path, sizeof path, "%.*s", SPOOL_BUCKET, id);
		spool_bucket_drop(out, path);
	}
	errno = err;
	return r;
}

void spool_bucket_drop(int out, const char *bucket)
{
	/* its digits are the upper ones of the milliseconds of the ids in it */
	int64_t began_ms = (int64_t)strtoll(bucket, NULL, 16) << (48 - 4 * SPOOL_BUCKET);

	if (now_us() / 1000 - began_ms > BUCKET_OLD_S * INT64_C(1000))
		unlinkat(out, bucket, AT_REMOVEDIR); /* only when it is empty */
}
