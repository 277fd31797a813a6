/* adopt.c - what dead runners leave behind (adopt.h) */
#include "spool/adopt.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/claim.h"
#include "spool/layout.h"
#include "spool/metrics_file.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/registration.h"
#include "spool/runner_dir.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int spool_each_dead(struct spool_runner *r, spool_name_fn f, void *arg)
{
	DIR *d = dir_list(r->s->fd, LAYOUT_CUR);
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n == 0 && (e = dir_next(d))) {
		AUTO_CLOSE int dir = -1, lock = -1;

		if (!spool_runner_valid(e->d_name) || strcmp(e->d_name, r->name) == 0)
			continue;
		if ((dir = dir_open(dirfd(d), e->d_name)) < 0 || (lock = runner_dir_lock(dir)) < 0)
			continue;
		r->locked = e->d_name;
		n = f(arg, e->d_name);
		r->locked = NULL;
		errno = 0;
	}
	return dir_end(d, n);
}

/* If the result was written but the dead runner did not get to its last rename, the result is valid: it is the last
 * thing written for a job. This holds only within one boot: after a power cut the result may exist while the output
 * that it describes does not. */
static void publish_written(struct spool *s, const char *owner, const char *id, int attempt)
{
	AUTO_CLOSE int dir = place_out(s, owner, id), at = -1;
	AUTO_BUF struct buf text = { 0 };
	struct result r;

	if (dir < 0 || (at = place_attempt(dir, attempt)) < 0 ||
	    read_file_at(at, attempt_file_name[ATTEMPT_RESULT], SPOOL_RESULT_MAX, &text) < 0 || !text.len ||
	    text.data[text.len - 1] != '\n' || result_parse(&r, text.data, text.len, NULL) < 0)
		return;
	if (strcmp(r.id, id) == 0 && r.attempt == attempt)
		renameat2(at, attempt_file_name[ATTEMPT_RESULT], dir, LAYOUT_RESULT, RENAME_NOREPLACE);
	result_release(&r);
}

struct adopt {
	struct spool *s;
	spool_job_fn f;
	void *arg;
	bool same_boot; /* the machine has not rebooted since the dead runner started */
	int err;
};

static void adopt_job(struct adopt *a, int from, const char *owner, const char *id, int attempt)
{
	if (a->same_boot)
		publish_written(a->s, owner, id, attempt);
	if (place_has_result(a->s, owner, id)) {
		if (claim_retire(a->s, from, owner, id, attempt) < 0)
			a->err = errno;
	} else if (claim_requeue(a->s, from, owner, id, attempt, attempt) < 0) {
		a->err = errno;
	} else if (a->f) {
		a->f(a->arg, owner, id, 0, attempt);
	}
}

static void adopt_owner(struct adopt *a, int runner, const char *owner)
{
	DIR *d = dir_list(runner, owner);
	struct dirent *e;

	if (!d)
		a->err = errno;
	while (d && (e = dir_next(d))) {
		char id[ID_LEN + 1];
		int attempt;

		if (layout_claim_parse(e->d_name, id, &attempt))
			adopt_job(a, dirfd(d), owner, id, attempt);
	}
	if (d)
		closedir(d);
}

static int adopt_all(struct adopt *a, const char *dead, int dir)
{
	DIR *d = dir_list(dir, ".");
	struct dirent *e;

	if (!d)
		return -1;
	while ((e = dir_next(d)))
		if (spool_owner_valid(e->d_name) && dir_is_dir(d, e))
			adopt_owner(a, dir, e->d_name);
	closedir(d);
	if (a->err) {
		errno = a->err;
		return -1;
	}
	return runner_dir_remove(a->s, dead, dir);
}

int spool_adopt(struct spool_runner *r, const char *dead, spool_job_fn f, void *arg)
{
	AUTO_CLOSE int cur = dir_open(r->s->fd, LAYOUT_CUR), dir = -1, lock = -1;
	struct adopt a = { .s = r->s, .f = f, .arg = arg };

	if (!spool_runner_valid(dead) || strcmp(dead, r->name) == 0) {
		errno = EINVAL;
		return -1;
	}
	if (cur < 0)
		return -1;
	if ((dir = dir_open(cur, dead)) < 0)
		return errno == ENOENT ? 0 : -1; /* another runner has adopted it */
	if (!(r->locked && strcmp(r->locked, dead) == 0) && (lock = runner_dir_lock(dir)) < 0)
		return errno == ENOENT ? 0 : -1;
	a.same_boot = runner_dir_same_boot(dir);
	if (adopt_all(&a, dead, dir) < 0)
		return -1;
	spool_metrics_remove(r->s, dead);
	return 0;
}
