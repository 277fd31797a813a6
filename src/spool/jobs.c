/* jobs.c - walking over an owner's jobs, wherever they are (jobs.h)
 *
 * The queued and claimed jobs are listed first, then the buckets of out/ one by one. A job that moves on
 * meanwhile is found in its bucket as well, and counts once.
 */
#include "spool/jobs.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/id.h"
#include "spool/ids.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- claimed jobs ------------------------------------------------------------------ */

/* After a directory could not be listed: 0 if it is not there, or not for this user; -1 if it may well be. */
static int unlisted(void)
{
	return error_is_passing(errno) ? -1 : 0;
}

/* claims is cur/RUNNER/OWNER; the caller has filled in all of job except id and attempt. */
static int claims_of_owner(DIR *claims, struct spool_claimed *job, spool_claimed_fn f, void *arg)
{
	char id[ID_LEN + 1];
	struct dirent *e;
	int r = claims ? 0 : unlisted();

	while (claims && r == 0 && (e = dir_next(claims)))
		if (layout_claim_parse(e->d_name, id, &job->attempt)) {
			job->id = id;
			r = f(arg, job);
		}
	job->id = NULL;
	if (claims)
		closedir(claims);
	return r;
}

static int claims_of_runner(DIR *cur, struct spool_claimed *job, spool_claimed_fn f, void *arg)
{
	DIR *d = dir_list(dirfd(cur), job->runner);
	struct dirent *e;
	int r = d ? 0 : unlisted();

	while (d && r == 0 && (e = dir_next(d)))
		if (spool_owner_valid(e->d_name) && dir_is_dir(d, e)) {
			job->owner = e->d_name;
			r = claims_of_owner(dir_list(dirfd(d), e->d_name), job, f, arg);
		}
	if (d)
		closedir(d);
	return r;
}

int spool_each_claimed(struct spool *s, const char *owner, spool_claimed_fn f, void *arg)
{
	DIR *d = dir_list(s->fd, LAYOUT_CUR);
	char path[2 * OWNER_MAX];
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d))) {
		struct spool_claimed job = { .owner = owner, .runner = e->d_name };

		if (!spool_runner_valid(e->d_name) || !dir_is_dir(d, e))
			continue;
		job.alive = spool_runner_lives(s, e->d_name);
		/* in a shared spool only root may list a runner's directory; an owner's directory in it is opened by
		 * name */
		layout_claims_path(path, e->d_name, owner ? owner : "");
		r = owner ? claims_of_owner(dir_list(dirfd(d), path), &job, f, arg) : claims_of_runner(d, &job, f, arg);
	}
	closedir(d);
	return r;
}

/* ---- buckets --------------------------------------------------------------------------- */

struct buckets {
	char (*v)[LAYOUT_BUCKET + 1];
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int by_text_backwards(const void *a, const void *b)
{
	return -strcmp(a, b);
}

/* Lists the buckets of out from first to last, sorted. -1 ENOMEM. */
static int buckets_list(struct buckets *b, DIR *out, const char *first, const char *last, bool newest_first)
{
	size_t cap = 0;
	struct dirent *e;

	while ((e = dir_next(out))) {
		if (!layout_is_bucket(e->d_name) || strcmp(e->d_name, first) < 0 || strcmp(e->d_name, last) > 0)
			continue;
		if (b->n == cap) {
			char(*v)[LAYOUT_BUCKET + 1];

			cap = cap ? cap * 2 : 16;
			if (!(v = realloc(b->v, cap * sizeof *v)))
				return -1;
			b->v = v;
		}
		memcpy(b->v[b->n++], e->d_name, LAYOUT_BUCKET + 1);
	}
	if (b->n > 0)
		qsort(b->v, b->n, sizeof *b->v, newest_first ? by_text_backwards : by_text);
	return 0;
}

int spool_each_begun(struct spool *s, const char *owner, int64_t until_us, spool_id_fn f, void *arg)
{
	DIR *out = place_list(s, owner, PART_OUT);
	char last[LAYOUT_BUCKET + 1];
	struct buckets b = { 0 };
	int r;

	if (!out)
		return -1;
	layout_bucket_at(last, until_us);
	r = buckets_list(&b, out, "", last, false);
	for (size_t i = 0; r == 0 && i < b.n; i++) {
		DIR *d = dir_list(dirfd(out), b.v[i]);
		struct dirent *e;

		r = d ? 0 : unlisted();
		while (d && r == 0 && (e = dir_next(d)))
			if (id_valid(e->d_name))
				r = f(arg, e->d_name);
		if (d)
			closedir(d);
	}
	free(b.v);
	closedir(out);
	return r;
}

/* ---- all of them, in order --------------------------------------------------------------- */

struct walk {
	const struct spool_range *range;
	struct ids live; /* the queued and claimed jobs, sorted */
	size_t at;	 /* number of live jobs that were handed out or are in the current bucket */
	spool_id_fn f;
	void *arg;
};

static bool in_range(const struct spool_range *r, const char *id)
{
	return (!r->before || strcmp(id, r->before) < 0) && (!r->since_us || id_time_us(id) >= r->since_us);
}

static int add(const struct walk *w, struct ids *l, const char *id)
{
	return in_range(w->range, id) && ids_add(l, id) < 0 ? -1 : 0;
}

static int add_new(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	struct walk *w = arg;

	(void)owner, (void)priority, (void)attempts;
	return add(w, &w->live, id);
}

static int add_claimed(void *arg, const struct spool_claimed *job)
{
	struct walk *w = arg;

	return add(w, &w->live, job->id);
}

static void sort(const struct walk *w, struct ids *l)
{
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, w->range->newest_first ? by_text_backwards : by_text);
}

/* Is the next live job due before the end of the bucket, because its id belongs into this bucket or an earlier one? */
static bool is_due(const struct walk *w, const char *bucket)
{
	char due[LAYOUT_BUCKET + 1];
	int order;

	layout_bucket_of(due, w->live.v[w->at]);
	order = strcmp(due, bucket);
	return w->range->newest_first ? order >= 0 : order <= 0;
}

static int walk_bucket(struct walk *w, DIR *out, const char *bucket)
{
	DIR *d = dir_list(dirfd(out), bucket);
	struct ids l = { 0 };
	struct dirent *e;
	int r = d ? 0 : unlisted();

	while (d && r == 0 && (e = dir_next(d)))
		if (id_valid(e->d_name))
			r = add(w, &l, e->d_name);
	if (d)
		closedir(d);
	for (; r == 0 && w->at < w->live.n && is_due(w, bucket); w->at++)
		r = add(w, &l, w->live.v[w->at]);
	sort(w, &l);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		r = w->f(w->arg, l.v[i]);
	ids_release(&l);
	return r;
}

static int walk_out(struct walk *w, DIR *out)
{
	const struct spool_range *range = w->range;
	char first[LAYOUT_BUCKET + 1], last[LAYOUT_BUCKET + 1] = "~"; /* sorts after every digit */
	struct buckets b = { 0 };
	int r;

	layout_bucket_at(first, range->since_us);
	if (range->before)
		layout_bucket_of(last, range->before);
	r = buckets_list(&b, out, first, last, range->newest_first);
	for (size_t i = 0; r == 0 && i < b.n; i++)
		r = walk_bucket(w, out, b.v[i]);
	free(b.v);
	return r;
}

int spool_each_job(struct spool *s, const char *owner, const struct spool_range *range, spool_id_fn f, void *arg)
{
	struct walk w = { .range = range, .f = f, .arg = arg };
	DIR *out;
	int r = 0;

	/* in the order in which jobs move, so that a job that moves meanwhile is still found */
	if ((spool_each_new(s, owner, add_new, &w) < 0 || spool_each_claimed(s, owner, add_claimed, &w) < 0) &&
	    error_is_passing(errno))
		r = -1;
	sort(&w, &w.live);
	out = r == 0 ? place_list(s, owner, PART_OUT) : NULL;
	if (!out && r == 0)
		r = unlisted();
	if (out) {
		r = walk_out(&w, out);
		closedir(out);
	}
	for (; r == 0 && w.at < w.live.n; w.at++)
		r = f(arg, w.live.v[w.at]);
	ids_release(&w.live);
	return r;
}
