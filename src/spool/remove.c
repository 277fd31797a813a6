/* remove.c - removing a job that has ended: all of it, or nothing (remove.h)
 *
 * The rules kept here:
 *   - Only a retired job is removed: its result and its file are in out/, and new/ and cur/ have
 *     no entry of it. Otherwise a runner that is about to move the job's file to out/ would
 *     create the job again.
 *   - The key is removed first, so that it never refers to a removed job; then one rename from
 *     out/ to tmp/ID.gone.RANDOM removes the job; then its files are removed. If the process is
 *     killed in between, the remains are where no reader looks, and the sweep of tmp/ removes them.
 *   - In a shared spool out/ belongs to the runner. The owner's process checks, removes the key, and
 *     creates the request cancel/ID.remove; a runner does the other steps. The remains are then in the
 *     spool's own tmp/, which owners cannot write to.
 *   - Trees are walked relative to a descriptor, without following links, and to a bounded depth.
 */
#include "spool/remove.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/testhook.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/lookup.h"
#include "spool/owner_name.h"
#include "spool/owner_part.h"
#include "spool/places.h"
#include "spool/remove_tree.h"
#include "spool/runners.h"
#include "spool/spool.h"

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


/* What was written that long ago the file system has written by itself. A removal by retention.c that a power cut takes
 * back is made again, so it syncs nothing then. */
#define SETTLED_US INT64_C(600000000)

enum { BUCKET_OLD_S = 7200, ASK_WAIT_MS = 10000, ASK_STEP_MS = 2 };


/* ---- a job ------------------------------------------------------------------------------ */

/* Is the job retired? If not, e says why. */
static int check_retired(struct spool *s, const char *owner, const char *id, int out, int new, struct cee_err *e)
{
	AUTO_CLOSE int cur = -1;
	struct spool_where w = { 0 };
	char name[LAYOUT_NAME_MAX];

	if (out < 0 || !dir_has(out, LAYOUT_RESULT)) {
		if (spool_find(s, owner, id, &w, e) < 0)
			return -1;
		if (w.state != STATE_FINISHED)
			return cee_fail(e, EBUSY, "%s: is %s; end it first (cee-cancel), or have it ended (-f)", id,
					w.state == STATE_CREATED ? "waiting" : "running");
	}
	if (out < 0 || !dir_has(out, LAYOUT_JOB) || lookup_new(new, id, name) ||
	    (cur = lookup_claim(s, owner, id, &w)) >= 0)
		return cee_fail(e, EAGAIN,
				"%s: has ended, but no runner has retired it yet; try again when one is alive", id);
	return 0;
}

static int remove_key(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	AUTO_BUF struct buf text = { 0 };
	struct result r;
	int err = 0;

	/* without a readable result the key is unknown: the next prune removes its entry */
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

static int take_away(int bucket, int tmp, const char *id, bool sync, struct cee_err *e)
{
	char name[LAYOUT_GONE_MAX];

	layout_gone_name(name, id);
	if (renameat2(bucket, id, tmp, name, RENAME_NOREPLACE) < 0)
		return errno == ENOENT ? cee_fail(e, ENOENT, "%s: is gone already", id) : fail(e, id);
	if (sync && (fsync(bucket) < 0 || fsync(tmp) < 0))
		return fail(e, id);
	spool_hook("job-removed");
	return spool_remove_tree(tmp, name) < 0 ? fail(e, id) : 0;
}

/* Requests the removal, and waits until a runner has answered. */
static int ask(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	const struct timespec pause = { .tv_nsec = ASK_STEP_MS * 1000000L };
	AUTO_CLOSE int dir = owner_part_open(s, owner, PART_CANCEL, e), fd = -1;
	char name[LAYOUT_REMOVAL_MAX];
	int ms = 0;

	if (dir < 0)
		return -1;
	layout_removal_name(name, id);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, id);
	for (; dir_has(dir, name) && ms < ASK_WAIT_MS && spool_runner_alive(s, NULL); ms += ASK_STEP_MS)
		nanosleep(&pause, NULL);
	unlinkat(dir, name, 0);
	close_ptr(&fd);
	fd = place_out(s, owner, id);
	if (fd < 0 && errno == ENOENT)
		return 0;
	return cee_fail(e, EAGAIN, "%s: not removed: a runner has to do it, and none has; try again when one is alive",
			id);
}

enum key_rule { KEY_STAYS, KEY_GOES, KEY_MAY_STAY };

static int remove_retired(struct spool *s, const char *owner, const char *id, enum key_rule key, struct cee_err *e)
{
	AUTO_CLOSE int out = place_out(s, owner, id), new = -1, tmp = -1, bucket = -1;
	bool sync;

	if (out < 0 && errno != ENOENT)
		return fail(e, id);
	if ((new = place_part(s, owner, PART_NEW)) < 0 && errno != ENOENT)
		return fail(e, id);
	if (check_retired(s, owner, id, out, new, e) < 0)
		return -1;
	if ((bucket = place_bucket(s, owner, id)) < 0)
		return fail(e, id);
	/* the job's moves out of new/ and cur/ were not synced: sync, so that a power cut cannot undo them */
	sync = s->durable && !(key == KEY_MAY_STAY && now_us() - file_written_us(out, LAYOUT_RESULT) > SETTLED_US);
	if (sync && ((new >= 0 && fsync(new) < 0) || fsync(out) < 0))
		return fail(e, id);
	if (key != KEY_STAYS && remove_key(s, owner, id, e) < 0 && key == KEY_GOES)
		return -1;
	if (s->shared && geteuid() != 0)
		return ask(s, owner, id, e);
	tmp = s->shared ? dir_open(s->fd, LAYOUT_TMP) : owner_part_open(s, owner, PART_TMP, e);
	return tmp < 0 ? -1 : take_away(bucket, tmp, id, sync, e);
}

int spool_remove(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	return remove_retired(s, owner, id, KEY_GOES, e);
}

/* A key without a job is dropped by a later pass, or becomes the id of its next submit. Its owner may hold its lock for
 * ever, and must not keep the job so. */
int spool_expire(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	return remove_retired(s, owner, id, KEY_MAY_STAY, e);
}

/* Removes a bucket that is empty and too old for new jobs. */
static void drop_bucket(int out, const char *bucket)
{
	if (now_us() - layout_bucket_us(bucket) > BUCKET_OLD_S * INT64_C(1000000))
		unlinkat(out, bucket, AT_REMOVEDIR);
}

void spool_drop_buckets(struct spool *s, const char *owner)
{
	DIR *d = place_list(s, owner, PART_OUT);
	struct dirent *e;

	while (d && (e = dir_next(d)))
		if (layout_is_bucket(e->d_name))
			drop_bucket(dirfd(d), e->d_name);
	if (d)
		closedir(d);
}

/* Does not remove the key: the owner's process has done that. */
int spool_removal_answer(struct spool *s, const char *owner, const char *id, struct cee_err *e)
{
	char name[LAYOUT_REMOVAL_MAX], bucket[LAYOUT_BUCKET + 1];
	AUTO_CLOSE int out = -1, cancel = -1;
	int r, err;

	if (!spool_owner_valid(owner) || !id_valid(id))
		return cee_fail(e, EINVAL, "invalid owner or id");
	r = remove_retired(s, owner, id, KEY_STAYS, e);
	err = errno;
	layout_removal_name(name, id);
	if ((cancel = place_part(s, owner, PART_CANCEL)) >= 0)
		unlinkat(cancel, name, 0);
	layout_bucket_of(bucket, id);
	if (r == 0 && (out = place_part(s, owner, PART_OUT)) >= 0)
		drop_bucket(out, bucket);
	errno = err;
	return r;
}
