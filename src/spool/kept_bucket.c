/* kept_bucket.c - what a bucket of out/ keeps (kept_bucket.h) */
#include "spool/kept_bucket.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "job/result.h"
#include "spool/kept.h"
#include "spool/layout.h"
#include "spool/remove.h"
#include "spool/retention.h"
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

/* A change within the resolution of a directory's time would not be seen. */
enum { CHANGING_US = 2000000 };

static int64_t changed_ns(int out, const char *bucket)
{
	struct stat st;

	if (fstatat(out, bucket, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

bool kept_bucket_changed(const struct kept_bucket *b, int out, int64_t now_us)
{
	return !b->settled || b->first_expiry <= now_us || b->changed_ns != changed_ns(out, b->name);
}

void ended_jobs_release(struct ended_jobs *l)
{
	free(l->v);
	*l = (struct ended_jobs){ 0 };
}

static int add_ended(struct ended_jobs *l, const struct ended_job *job)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct ended_job *v = realloc(l->v, cap * sizeof *v);

		if (!v)
			return -1;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *job;
	return 0;
}

static void failed(struct retention *r, const char *text)
{
	r->failed++;
	if (r->ops.failed)
		r->ops.failed(r->ops.arg, text);
}

void retention_failed(struct retention *r, const char *name, int err)
{
	char words[200];

	snprintf(words, sizeof words, "%.100s: cannot be looked through: %s", name, strerror(err));
	failed(r, words);
}

struct found {
	bool ended, retired;
	bool unknown;		      /* what its result says cannot be read at the moment */
	int64_t ended_us, expires_us; /* expires 0: the result does not say */
};

/* A result that cannot be read counts by its file's time: what cannot be read must not stay for ever. */
static void read_result(struct retention *r, int dir, const char *id, struct found *f)
{
	AUTO_BUF struct buf text = { 0 };
	char words[400];
	struct result result;
	struct cee_err e = { 0 };

	f->ended_us = file_written_us(dir, LAYOUT_RESULT);
	if (read_file_at(dir, LAYOUT_RESULT, SPOOL_RESULT_MAX, &text) < 0) {
		f->unknown = error_is_passing(errno);
		snprintf(words, sizeof words, "%s: its result cannot be read: %s", id, strerror(errno));
		failed(r, words);
		return;
	}
	if (result_parse(&result, text.data ? text.data : "", text.len, &e) < 0) {
		f->unknown = error_is_passing(errno);
		snprintf(words, sizeof words, "%s: its result cannot be read: %.300s", id, e.msg);
		failed(r, words);
		return;
	}
	if (result.ended_us > 0)
		f->ended_us = result.ended_us;
	f->expires_us = result.expires_us;
	result_release(&result);
}

static struct found look(struct retention *r, int bucket, const char *id)
{
	AUTO_CLOSE int dir = dir_open(bucket, id);
	struct found f = { .ended = dir >= 0 && dir_has(dir, LAYOUT_RESULT) };

	if (f.ended) {
		f.retired = dir_has(dir, LAYOUT_JOB);
		read_result(r, dir, id, &f);
	}
	return f;
}

/* When it goes by the rules of age; INT64_MAX: never. */
static int64_t expiry(const struct retention *r, const struct found *f)
{
	int64_t keep = r->rules.keep_us;

	if (r->rules.older_us >= 0)
		keep = r->rules.older_us;
	else if (f->expires_us > 0)
		return f->expires_us;
	return keep < 0 || f->ended_us > INT64_MAX - keep - 1 ? INT64_MAX : f->ended_us + keep + 1;
}

bool kept_bucket_remove(struct retention *r, const char *owner, const struct ended_job *job)
{
	struct cee_err e = { 0 };

	if (!r->rules.dry && spool_expire(r->s, owner, job->id, &e) < 0) {
		if (errno != EAGAIN && errno != ENOENT) /* these are tried again in the next pass */
			failed(r, e.msg);
		return errno == ENOENT;
	}
	r->removed++;
	r->removed_bytes += job->bytes;
	if (r->ops.removed)
		r->ops.removed(r->ops.arg, owner, "job", job->id);
	return true;
}

static void read_job(struct retention *r, const char *owner, int bucket, const char *id, struct kept_bucket *b,
		     struct ended_jobs *ended)
{
	struct found f = look(r, bucket, id);
	struct ended_job job = { .ended_us = f.ended_us, .bytes = kept_size(bucket, id) };
	int64_t when = f.ended && !f.unknown ? expiry(r, &f) : INT64_MAX;

	memcpy(job.id, id, ID_LEN + 1);
	if (when <= r->now_us && kept_bucket_remove(r, owner, &job))
		return;
	b->bytes += job.bytes;
	b->jobs++;
	if (!f.retired || f.unknown) {
		b->settled = false;
		return;
	}
	if (when < b->first_expiry)
		b->first_expiry = when;
	if (f.ended_us < b->first_end)
		b->first_end = f.ended_us;
	if (ended && add_ended(ended, &job) < 0)
		b->settled = false;
}

void kept_bucket_read(struct retention *r, const char *owner, int out, struct kept_bucket *b, struct ended_jobs *ended)
{
	DIR *d = dir_list(out, b->name);
	struct dirent *e;

	b->changed_ns = changed_ns(out, b->name);
	b->settled = r->now_us - b->changed_ns / 1000 > CHANGING_US;
	b->bytes = b->jobs = 0;
	b->first_expiry = b->first_end = INT64_MAX;
	while (d && (e = dir_next(d))) {
		if (r->stopped || (r->ops.pause && !r->ops.pause(r->ops.arg))) {
			r->stopped = true;
			b->settled = false;
			break;
		}
		if (id_valid(e->d_name))
			read_job(r, owner, dirfd(d), e->d_name, b, ended);
		else /* nothing of cee's: it counts, and cee-fsck reports it */
			b->bytes += kept_size(dirfd(d), e->d_name);
	}
	if (d) {
		closedir(d);
	} else if (errno != ENOENT) {
		b->settled = false;
		retention_failed(r, owner, errno);
	}
}
