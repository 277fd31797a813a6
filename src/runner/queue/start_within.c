/* start_within.c - finds waiting jobs that have a start_within, and hands out those whose time is over (start_within.h)
 *
 * Few jobs have one, so waiting jobs are read a few at a time, each once, and only those that have one are remembered.
 * Nothing but this field is read here: the job is parsed and checked when it is claimed, also one that is claimed
 * because of this field.
 */
#include "runner/queue/start_within.h"
#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_member.h"
#include "base/json_values.h"
#include "runner/core/queued.h"
#include "runner/queue/job_heap.h"
#include "runner/queue/turns.h"
#include "spool/find.h"
#include "spool/owner_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXAMINE_FILES = 200, EXAMINE_BYTES = 4 << 20 };

struct expiring {
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int64_t at_us;
};

void start_within_release(struct start_within *s)
{
	free(s->job);
	s->job = NULL;
	s->n = s->cap = 0;
}

static void remember(struct start_within *s, const char *owner, const char *id, int64_t at_us)
{
	struct expiring *e = s->job;

	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;

		e = realloc(s->job, cap * sizeof(*e));
		if (!e)
			return; /* the job then expires only when its turn comes */
		s->job = e;
		s->cap = cap;
	}
	e += s->n++;
	snprintf(e->owner, sizeof(e->owner), "%s", owner);
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->at_us = at_us;
}

/* Returns the number of bytes read. The field's name is searched for first: few jobs have it. */
static size_t examine(struct start_within *s, const struct owner *o, const struct waiting_job *w, size_t max_job)
{
	static const char field[] = "start_within";
	AUTO_BUF struct buf b = { 0 };
	AUTO_JSON cJSON *v = NULL;
	int64_t us;

	if (spool_read_waiting(s->spool, o->name, w->id, w->priority, w->attempts, max_job, &b) < 0 || !b.len ||
	    !memmem(b.data, b.len, field, sizeof(field) - 1))
		return b.len;
	v = json_member(b.data, b.len, field);
	if (v && json_duration(v, field, &us, NULL) == 0)
		remember(s, o->name, w->id, id_time_us(w->id) + us);
	return b.len;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct waiting_job *const *)a)->id, (*(struct waiting_job *const *)b)->id);
}

/* The waiting jobs not examined yet, oldest first; malloc'ed. */
static struct waiting_job **not_examined(struct owner *o, size_t *n)
{
	struct waiting_job **v = NULL;

	*n = 0;
	for (size_t i = 0; i < o->jobs.n; i++) {
		if (strcmp(o->jobs.job[i].id, o->examined) <= 0)
			continue;
		if (!v && !(v = malloc(o->jobs.n * sizeof(struct waiting_job *))))
			return NULL;
		v[(*n)++] = &o->jobs.job[i];
	}
	if (v)
		qsort(v, *n, sizeof(struct waiting_job *), by_id);
	return v;
}

void start_within_examine(struct start_within *s, struct turns *t, size_t max_job)
{
	size_t files = 0, bytes = 0, n;

	for (size_t i = 0; i < t->nowners; i++) {
		struct owner *o = t->owner[i];
		struct waiting_job **v = o ? not_examined(o, &n) : NULL;

		if (!v)
			continue;
		for (size_t k = 0; k < n && files < EXAMINE_FILES && bytes < EXAMINE_BYTES; k++, files++) {
			memcpy(o->examined, v[k]->id, sizeof(v[k]->id));
			bytes += examine(s, o, v[k], max_job);
		}
		free(v);
	}
}

bool start_within_over(struct start_within *s, struct turns *t, int64_t now, struct queued *q)
{
	for (size_t i = 0; i < s->n;) {
		struct expiring e = s->job[i];

		if (e.at_us >= now) {
			i++;
			continue;
		}
		s->job[i] = s->job[--s->n];
		if (turns_take(t, e.owner, e.id, q))
			return true; /* otherwise it has begun in time, or was cancelled */
	}
	return false;
}
