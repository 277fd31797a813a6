/* claim.c - claiming, requeueing and retiring a job (claim.h)
 *
 * Each of these is one rename, so that at any moment, also after a kill or a power cut, a job is in exactly one
 * place. out/.../ID/result alone decides that a job has ended: a process that finds a job in cur looks for the
 * result first, and if it exists, only moves the job's file beside it.
 */
#include "spool/claim.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/testhook.h"
#include "spool/cancel.h"
#include "spool/input.h"
#include "spool/layout.h"
#include "spool/multiuser.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>


/* Makes an empty file, so that nothing but a regular file is ever moved to out/. */
static int make_empty(struct spool *s, int at, const char *name)
{
	AUTO_CLOSE int fd = openat(at, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, place_file_mode(s));

	return fd < 0 ? -1 : 0;
}

/* Moves a folder with contents to its owner's tmp/, under a name that its owner cannot have taken. */
static int give_back(struct spool *s, int from, const char *owner, const char *id, const char *name)
{
	AUTO_CLOSE int tmp = place_part(s, owner, PART_TMP);
	char fresh[LAYOUT_GONE_MAX];

	layout_gone_name(fresh, id);
	return tmp < 0 ? -1 : renameat2(from, name, tmp, fresh, RENAME_NOREPLACE);
}

/* An entry of new/ need not be a regular file: its owner can put a link, a fifo or a folder there. Such an entry
 * must not reach out/, where readers look: an empty file replaces it. 0: name is a regular file with one link, or
 * is not there; -1: it is something else and could not be replaced now. */
static int disarm(struct spool *s, int from, const char *owner, const char *id, const char *name)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISREG(st.st_mode) && st.st_nlink == 1)
		return 0;
	if (unlinkat(from, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0 &&
	    (!S_ISDIR(st.st_mode) || give_back(s, from, owner, id, name) < 0))
		return -1;
	return make_empty(s, from, name);
}

/* from is cur/RUNNER/OWNER. A job that has ended always gets its file in out: without it, it could never be removed. */
int claim_retire(struct spool *s, int from, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = place_out(s, owner, id);
	char name[LAYOUT_NAME_MAX];

	layout_claim_name(name, id, attempt);
	if (out < 0 || disarm(s, from, owner, id, name) < 0)
		return -1;
	if (renameat(from, name, out, LAYOUT_JOB) < 0 &&
	    (errno != ENOENT || (make_empty(s, out, LAYOUT_JOB) < 0 && errno != EEXIST)))
		return -1;
	spool_hook("retired");
	spool_input_clear(s, owner, id);
	return spool_cancel_clear(s, owner, id);
}

/* Releases the space reserved for a result, because this attempt will have none. */
static void drop_reserve(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int out = place_out(s, owner, id);
	AUTO_CLOSE int dir = out < 0 ? -1 : place_attempt(out, attempt);

	if (dir >= 0)
		unlinkat(dir, attempt_file_name[ATTEMPT_RESULT], 0);
}

/* attempts: the number of attempts that count, attempt or one less */
int claim_requeue(struct spool *s, int from, const char *owner, const char *id, int attempt, int attempts)
{
	AUTO_CLOSE int new = place_part(s, owner, PART_NEW);
	char name[LAYOUT_NAME_MAX], to[LAYOUT_NAME_MAX];

	layout_claim_name(name, id, attempt);
	layout_new_name(to, id, 0, attempts);
	if (new < 0)
		return -1;
	/* before the rename: after it another runner may already run the next attempt */
	drop_reserve(s, owner, id, attempt);
	if (renameat2(from, name, new, to, RENAME_NOREPLACE) < 0) {
		/* only runners use such a name: an entry that the owner created there is removed */
		if (errno != EEXIST || (unlinkat(new, to, 0) < 0 && unlinkat(new, to, AT_REMOVEDIR) < 0) ||
		    renameat2(from, name, new, to, RENAME_NOREPLACE) < 0)
			return -1;
	}
	spool_hook("requeued");
	return 0;
}

int spool_claim(struct spool_runner *r, const char *owner, const char *id, int priority, int attempts)
{
	AUTO_CLOSE int new = place_check_names(owner, id, NULL) < 0 ? -1 : place_part(r->s, owner, PART_NEW), mine = -1;
	char from[LAYOUT_NAME_MAX], to[LAYOUT_NAME_MAX];
	int n = attempts < LAYOUT_ATTEMPTS ? attempts + 1 : LAYOUT_ATTEMPTS;

	if (new < 0 ||
	    (mine = r->s->shared ? multiuser_make_claims(r->dirfd, owner, new) : dir_make(r->dirfd, owner, 0700)) < 0)
		return -1;
	layout_new_name(from, id, priority, attempts);
	layout_claim_name(to, id, n);
	if (renameat2(new, from, mine, to, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST) /* this runner already has a job with this id: new/ has a second entry for it */
			errno = ENOENT;
		return -1;
	}
	spool_hook("claimed");
	/* After a power cut a job that has ended can be in new/ again. */
	if (place_has_result(r->s, owner, id)) {
		if (claim_retire(r->s, mine, owner, id, n) == 0)
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
	return dir_open(r->dirfd, owner);
}

int spool_claimed_read(struct spool_runner *r, const char *owner, const char *id, int attempt, size_t max,
		       struct buf *b)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id);
	char name[LAYOUT_NAME_MAX];

	layout_claim_name(name, id, attempt);
	return mine < 0 ? -1 : read_file_at(mine, name, max, b);
}

/* If the disk was too full for an attempt's files, the attempt must not count: so an attempt without a directory does
 * not count. (An attempt of a dead runner counts, because it may be the reason for the runner's death.) */
int spool_requeue(struct spool_runner *r, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id), out = -1;
	char n[2];
	bool begun;

	if (mine < 0)
		return -1;
	layout_attempt_name(n, attempt);
	out = place_out(r->s, owner, id);
	begun = out >= 0 && dir_has(out, n);
	return claim_requeue(r->s, mine, owner, id, attempt, begun ? attempt : attempt - 1);
}

int spool_job_retire(struct spool_runner *r, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int mine = my_owner(r, owner, id);

	return mine < 0 ? -1 : claim_retire(r->s, mine, owner, id, attempt);
}
