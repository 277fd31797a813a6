/* retention.c - the pass over all owners, and the bound of their bytes (retention.h)
 *
 * What a pass has read of a bucket it keeps in memory, so that the next one only looks at the times of directories.
 */
#include "spool/retention.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/limit.h"
#include "spool/group.h"
#include "spool/kept.h"
#include "spool/kept_bucket.h"
#include "spool/key.h"
#include "spool/layout.h"
#include "spool/owner_drop.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/remove.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_EVERY = 60, NAMES_OLD_S = 86400 }; /* groups and keys: in each so manieth pass, when a day old */

struct kept_owner {
	char name[OWNER_MAX];
	struct kept_bucket *bucket; /* sorted by name */
	size_t nbuckets;
	struct kept kept;
	bool seen; /* in this pass */
};

void retention_init(struct retention *r, struct spool *s, const struct retention_rules *rules,
		    const struct retention_ops *ops)
{
	*r = (struct retention){ .s = s, .rules = *rules, .ops = *ops };
}

void retention_release(struct retention *r)
{
	for (size_t i = 0; i < r->nowners; i++)
		free(r->owner[i].bucket);
	free(r->owner);
	*r = (struct retention){ 0 };
}

void retention_rules(struct retention *r, const struct retention_rules *rules)
{
	const struct retention_rules *now = &r->rules;

	if (now->keep_us == rules->keep_us && now->older_us == rules->older_us && now->dry == rules->dry) {
		r->rules = *rules; /* the others need no other reading */
		return;
	}
	r->rules = *rules;
	for (size_t i = 0; i < r->nowners; i++)
		for (size_t k = 0; k < r->owner[i].nbuckets; k++)
			r->owner[i].bucket[k].settled = false;
}

/* ---- what is in memory --------------------------------------------------------------------- */

/* The owner's entry, made if it is missing. NULL: out of memory. */
static struct kept_owner *find_owner(struct retention *r, const char *name)
{
	size_t low = 0, high = r->nowners;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(r->owner[middle].name, name);

		if (order == 0)
			return &r->owner[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (r->nowners == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 8;
		struct kept_owner *v = realloc(r->owner, cap * sizeof *v);

		if (!v)
			return NULL;
		r->owner = v;
		r->cap = cap;
	}
	memmove(r->owner + low + 1, r->owner + low, (r->nowners - low) * sizeof *r->owner);
	r->nowners++;
	r->owner[low] = (struct kept_owner){ .bucket = NULL };
	snprintf(r->owner[low].name, sizeof r->owner[low].name, "%s", name);
	return &r->owner[low];
}

static void forget_unseen(struct retention *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nowners; i++)
		if (r->owner[i].seen)
			r->owner[n++] = r->owner[i];
		else
			free(r->owner[i].bucket);
	r->nowners = n;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kept_bucket *)a)->name, ((const struct kept_bucket *)b)->name);
}

static int by_end(const void *a, const void *b)
{
	int64_t x = ((const struct ended_job *)a)->ended_us, y = ((const struct ended_job *)b)->ended_us;

	return x < y ? -1 : x > y;
}

/* Lists the buckets anew; those that were known before keep what was read of them. -1 ENOMEM. */
static int list_buckets(struct kept_owner *o, DIR *out)
{
	struct kept_bucket *v = NULL, *more;
	size_t n = 0, cap = 0;
	struct dirent *e;

	while ((e = dir_next(out))) {
		struct kept_bucket one = { .settled = false }, *known;

		if (!layout_is_bucket(e->d_name))
			continue;
		if (n == cap) {
			cap = cap ? 2 * cap : 16;
			if (!(more = realloc(v, cap * sizeof *v))) {
				free(v);
				return -1;
			}
			v = more;
		}
		memcpy(one.name, e->d_name, sizeof one.name);
		known = o->nbuckets ? bsearch(&one, o->bucket, o->nbuckets, sizeof one, by_name) : NULL;
		v[n++] = known ? *known : one;
	}
	if (n)
		qsort(v, n, sizeof *v, by_name);
	free(o->bucket);
	o->bucket = v;
	o->nbuckets = n;
	return 0;
}

/* ---- the bound of bytes ------------------------------------------------------------------------ */

/* The bucket with the oldest end that is not in the list yet, or NULL. */
static struct kept_bucket *next_bucket(struct kept_owner *o, const bool *listed)
{
	struct kept_bucket *first = NULL;

	for (size_t i = 0; i < o->nbuckets; i++)
		if (!listed[i] && o->bucket[i].first_end < INT64_MAX &&
		    (!first || o->bucket[i].first_end < first->first_end))
			first = &o->bucket[i];
	return first;
}

static void sum_up(struct kept_owner *o)
{
	o->kept = (struct kept){ 0 };
	for (size_t i = 0; i < o->nbuckets; i++) {
		o->kept.bytes += o->bucket[i].bytes;
		o->kept.jobs += o->bucket[i].jobs;
	}
}

static bool is_young(const struct retention *r, int64_t ended_us)
{
	return r->now_us - ended_us < RETENTION_YOUNG_US;
}

/* Beyond this young ones go as well. */
static int64_t hard_bound(const struct retention *r)
{
	return r->rules.keep_bytes > INT64_MAX / 2 ? INT64_MAX : 2 * r->rules.keep_bytes;
}

/* Removes jobs of the list up to that end, the oldest first. */
static void remove_oldest(struct retention *r, struct kept_owner *o, struct ended_jobs *l, int64_t until_us)
{
	/* a little more than is needed: a bucket that was changed has to be read again in the next pass */
	int64_t bound = r->rules.keep_bytes - r->rules.keep_bytes / 64;
	size_t gone = 0;

	if (l->n > 1)
		qsort(l->v, l->n, sizeof *l->v, by_end);
	while (gone < l->n && l->v[gone].ended_us <= until_us && !r->stopped) {
		const struct ended_job *j = &l->v[gone];

		if (o->kept.bytes <= (is_young(r, j->ended_us) ? hard_bound(r) : bound))
			break;
		if (kept_bucket_remove(r, o->name, j)) {
			o->kept.bytes -= j->bytes;
			o->kept.jobs--;
		}
		gone++;
		if (r->ops.pause && !r->ops.pause(r->ops.arg))
			r->stopped = true;
	}
	if (gone)
		memmove(l->v, l->v + gone, (l->n - gone) * sizeof *l->v);
	l->n -= gone;
}

/* Reads buckets in the order of their oldest end, and after each removes what ended before all that is still unread.
 * A job's end and not its id decides: one that waited for days is young when it has ended. */
static void bound_bytes(struct retention *r, struct kept_owner *o, int out)
{
	bool *listed = o->nbuckets ? calloc(o->nbuckets, sizeof *listed) : NULL;
	struct ended_jobs l = { 0 };
	struct kept_bucket *b;

	if (!listed && o->nbuckets)
		retention_failed(r, o->name, errno);
	while (listed && !r->stopped && o->kept.bytes > r->rules.keep_bytes && (b = next_bucket(o, listed))) {
		const struct kept_bucket *next;
		int64_t oldest;

		listed[b - o->bucket] = true;
		kept_bucket_read(r, o->name, out, b, &l);
		next = next_bucket(o, listed);
		remove_oldest(r, o, &l, next ? next->first_end - 1 : INT64_MAX);
		oldest = l.n ? l.v[0].ended_us : INT64_MAX;
		if (next && next->first_end < oldest)
			oldest = next->first_end;
		if (is_young(r, oldest) && o->kept.bytes <= hard_bound(r))
			break; /* only young ones are left */
	}
	ended_jobs_release(&l);
	free(listed);
}

/* ---- an owner --------------------------------------------------------------------------------------- */

static int removed_group(void *arg, const char *name)
{
	struct retention *r = arg;

	if (r->ops.removed)
		r->ops.removed(r->ops.arg, r->current, "group", name);
	return 0;
}

static int removed_key(void *arg, const char *name)
{
	struct retention *r = arg;

	if (r->ops.removed)
		r->ops.removed(r->ops.arg, r->current, "key", name);
	return 0;
}

static void read_buckets(struct retention *r, struct kept_owner *o, int out)
{
	char last[LAYOUT_BUCKET + 1] = "~"; /* sorts after every digit */

	if (r->rules.older_us >= 0) /* no job of a bucket that began later is that old */
		layout_bucket_at(last, r->now_us - r->rules.older_us);
	for (size_t i = 0; i < o->nbuckets && !r->stopped; i++)
		if (strcmp(o->bucket[i].name, last) <= 0 && kept_bucket_changed(&o->bucket[i], out, r->now_us))
			kept_bucket_read(r, o->name, out, &o->bucket[i], NULL);
	sum_up(o);
	if (r->rules.older_us < 0 && r->rules.keep_bytes < LIMIT_NONE && o->kept.bytes > r->rules.keep_bytes)
		bound_bytes(r, o, out);
}

static void drop_names(struct retention *r, const char *owner)
{
	int64_t old = r->now_us - NAMES_OLD_S * INT64_C(1000000);

	group_drop_old(r->s, owner, old, r->rules.dry, removed_group, r);
	key_drop_old(r->s, owner, old, r->rules.dry, removed_key, r);
}

/* In a shared spool a user's process may not write there, and need not. */
static void write_kept(struct retention *r, const struct kept_owner *o)
{
	struct kept now;
	bool over = o->kept.bytes > r->rules.keep_bytes;

	if (r->rules.dry || r->rules.older_us >= 0 || (r->s->shared && geteuid() != 0))
		return;
	if (kept_read(r->s, o->name, &now) && now.bytes == o->kept.bytes && now.jobs == o->kept.jobs && !over)
		return;
	kept_write(r->s, o->name, &o->kept); /* on failure the old figure becomes stale, and then says nothing */
}

static bool drop_owner(struct retention *r, const struct kept_owner *o)
{
	if (r->rules.owner_us < 0 || o->kept.jobs > 0 || r->rules.dry || (r->s->shared && geteuid() != 0) ||
	    !owner_drop(r->s, o->name, r->now_us - r->rules.owner_us))
		return false;
	if (r->ops.removed)
		r->ops.removed(r->ops.arg, o->name, "owner", o->name);
	return true;
}

static bool has_empty_bucket(const struct kept_owner *o)
{
	for (size_t i = 0; i < o->nbuckets; i++)
		if (o->bucket[i].jobs == 0)
			return true;
	return false;
}

/* The owner's entry, when what is kept for it was read. NULL: it was not, and nothing of the owner is to be touched. */
static struct kept_owner *read_owner(struct retention *r, const char *name)
{
	DIR *out = place_list(r->s, name, PART_OUT);
	int none = out ? 0 : errno;
	struct kept_owner *o = find_owner(r, name);
	bool listed = o && out && list_buckets(o, out) == 0;

	if (o)
		o->seen = true;
	if (listed)
		read_buckets(r, o, dirfd(out));
	else if (!o || out || none != ENOENT)
		retention_failed(r, name, none ? none : ENOMEM);
	if (out)
		closedir(out);
	return listed || (o && none == ENOENT) ? o : NULL;
}

static void pass_owner(struct retention *r, const char *name)
{
	long removed = r->removed;
	struct kept_owner *o;

	r->current = name;
	o = read_owner(r, name);
	if (!o || r->stopped)
		return;
	if (!r->rules.dry && has_empty_bucket(o))
		spool_drop_buckets(r->s, name);
	if (r->passes % NAMES_EVERY == 0 || r->removed > removed)
		drop_names(r, name);
	if (drop_owner(r, o))
		o->seen = false;
	else
		write_kept(r, o);
	r->total.bytes += o->kept.bytes;
	r->total.jobs += o->kept.jobs;
}

static int each_owner(void *arg, const char *name)
{
	struct retention *r = arg;

	pass_owner(r, name);
	return r->stopped;
}

static void begin(struct retention *r)
{
	r->now_us = now_us();
	r->stopped = false;
	r->total = (struct kept){ 0 };
	r->removed = r->failed = 0;
	r->removed_bytes = 0;
	for (size_t i = 0; i < r->nowners; i++)
		r->owner[i].seen = false;
}

int retention_pass(struct retention *r)
{
	int n;

	begin(r);
	n = spool_each_owner(r->s, each_owner, r);
	if (n == 0 && !r->stopped)
		forget_unseen(r);
	r->passes++;
	return n < 0 ? -1 : 0;
}

void retention_pass_owner(struct retention *r, const char *owner)
{
	begin(r);
	pass_owner(r, owner);
	r->passes++;
}

/* ---- who looks after the spool --------------------------------------------------------------------------- */

int retention_lock(struct spool *s)
{
	AUTO_CLOSE int tmp = dir_open(s->fd, LAYOUT_TMP);
	int fd = tmp < 0 ? -1 : open_file_at(tmp, LAYOUT_RETENTION, O_RDWR | O_CREAT);

	if (fd >= 0 && file_lock(fd, false) == 0 && file_is_at(fd, tmp, LAYOUT_RETENTION))
		return fd;
	if (fd >= 0)
		errno = EAGAIN;
	close_ptr(&fd);
	return -1;
}

void retention_unlock(struct spool *s, int lock)
{
	AUTO_CLOSE int tmp = lock < 0 ? -1 : dir_open(s->fd, LAYOUT_TMP);

	if (tmp >= 0)
		unlinkat(tmp, LAYOUT_RETENTION, 0);
	close_ptr(&lock);
}
