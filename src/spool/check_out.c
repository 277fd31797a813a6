/* check_out.c - an owner's out/ (check_out.h) */
#include "spool/check_out.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/check.h"
#include "spool/check_attempt.h"
#include "spool/check_entry.h"
#include "spool/check_place.h"
#include "spool/layout.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Returns the attempt that ended the job; 0 if the result is invalid. */
static int check_result(struct spool_check *ck, int out, const char *id, const char *path)
{
	AUTO_BUF struct buf b = { 0 };
	struct result r;
	struct cee_err e;
	char p[CHECK_PATH_MAX], n[16];
	int attempt = 0;

	check_join(p, path, LAYOUT_RESULT);
	if (read_file_at(out, LAYOUT_RESULT, SPOOL_RESULT_MAX, &b) < 0) {
		check_problem(ck, p, "%s",
			      errno == EFBIG	? "is too large"
			      : errno == EINVAL ? "is not a regular file with one link"
						: strerror(errno));
		return 0;
	}
	result_init(&r);
	if (result_parse(&r, b.data ? b.data : "", b.len, &e) < 0)
		check_problem(ck, p, "is not a valid result: %s", e.msg);
	else if (strcmp(r.id, id) != 0)
		check_problem(ck, p, "is of another job: %s", r.id);
	else
		attempt = r.attempt;
	layout_attempt_name(n, attempt);
	if (attempt && !dir_has(out, n))
		check_problem(ck, p, "names attempt %d, which is missing", attempt);
	result_release(&r);
	return attempt;
}

static void check_out(struct spool_check *ck, int bucket, const char *owner, const char *id, const char *path)
{
	DIR *d = check_open_dir(ck, bucket, id, path);
	struct dirent *e;
	int final = 0, n;
	bool aside;
	char p[CHECK_PATH_MAX];

	if (!d)
		return;
	/* checked first: once the result exists, the job's other files do not change any more */
	if (dir_has(dirfd(d), LAYOUT_RESULT)) {
		final = check_result(ck, dirfd(d), id, path);
		ck->ended++;
	}
	if (!final || !dir_has(dirfd(d), LAYOUT_JOB))
		check_places(ck, owner, id);
	while ((e = dir_next(d))) {
		check_join(p, path, e->d_name);
		if (strcmp(e->d_name, LAYOUT_JOB) == 0 || strcmp(e->d_name, LAYOUT_RESULT) == 0)
			check_file(ck, dirfd(d), e->d_name, p);
		else if ((n = layout_attempt_parse(e->d_name, &aside)) > 0)
			check_attempt(ck, dirfd(d), e->d_name, p,
				      !final		     ? ATTEMPT_LATEST
				      : !aside && n == final ? ATTEMPT_FINAL
							     : ATTEMPT_OLD);
		else
			check_problem(ck, p, "is not a name that a job has in out");
	}
	closedir(d);
}

static void check_bucket(struct spool_check *ck, int out, const char *owner, const char *bucket, const char *path)
{
	DIR *d = check_open_dir(ck, out, bucket, path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		char want[LAYOUT_BUCKET + 1];

		check_join(p, path, e->d_name);
		layout_bucket_of(want, e->d_name);
		if (!id_valid(e->d_name))
			check_problem(ck, p, "is not a job id");
		else if (strcmp(want, bucket) != 0)
			check_problem(ck, p, "belongs in out/%s", want);
		else
			check_out(ck, dirfd(d), owner, e->d_name, p);
	}
	if (d)
		closedir(d);
}

void check_history(struct spool_check *ck, int owner_dir, const char *owner, const char *path)
{
	DIR *d = check_open_dir(ck, owner_dir, owner_part_name[PART_OUT], path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	while (d && (e = dir_next(d))) {
		check_join(p, path, e->d_name);
		if (layout_is_bucket(e->d_name))
			check_bucket(ck, dirfd(d), owner, e->d_name, p);
		else
			check_problem(ck, p, "is not a bucket (the first %d digits of its jobs' ids)", LAYOUT_BUCKET);
	}
	if (d)
		closedir(d);
}
