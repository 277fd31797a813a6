/* turns.c - owners in line, one job at a time */
#include "runner/queue/turns.h"
#include "runner/core/queued.h"
#include "runner/queue/job_heap.h"
#include "runner/queue/name_index.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_at(const void *owners, size_t i)
{
	return ((struct owner *const *)owners)[i]->name;
}

void turns_init(struct turns *t, size_t most_waiting)
{
	*t = (struct turns){ .most_waiting = most_waiting };
	name_index_init(&t->index, name_at);
}

void turns_release(struct turns *t)
{
	for (size_t i = 0; i < t->nowners; i++) {
		if (t->owner[i])
			job_heap_release(&t->owner[i]->jobs);
		free(t->owner[i]);
	}
	free(t->owner);
	name_index_release(&t->index);
	*t = (struct turns){ 0 };
}

/* ---- the line ------------------------------------------------------------------- */

static void append(struct turns *t, struct owner *o)
{
	o->in_line = true;
	o->next = NULL;
	o->previous = t->last;
	if (t->last)
		t->last->next = o;
	else
		t->first = o;
	t->last = o;
	t->in_line++;
}

static void leave(struct turns *t, struct owner *o)
{
	if (o->previous)
		o->previous->next = o->next;
	else
		t->first = o->next;
	if (o->next)
		o->next->previous = o->previous;
	else
		t->last = o->previous;
	o->next = o->previous = NULL;
	o->in_line = false;
	t->in_line--;
}

static void prepend(struct turns *t, struct owner *o)
{
	o->in_line = true;
	o->previous = NULL;
	o->next = t->first;
	if (t->first)
		t->first->previous = o;
	else
		t->last = o;
	t->first = o;
	t->in_line++;
}

/* ---- owners and their jobs ------------------------------------------------------------ */

struct owner *turns_find(const struct turns *t, const char *name)
{
	size_t i = name_index_find(&t->index, t->owner, name);

	return i == SIZE_MAX ? NULL : t->owner[i];
}

static int make_room(struct turns *t)
{
	size_t cap = t->cap ? t->cap * 2 : 8;
	struct owner **v;

	if (t->nowners < t->cap)
		return 0;
	v = realloc(t->owner, cap * sizeof(struct owner *));
	if (!v)
		return -1;
	t->owner = v;
	t->cap = cap;
	return 0;
}

/* A number that no owner has: one that was given up, or the next. SIZE_MAX: ENOMEM. */
static size_t free_number(struct turns *t)
{
	for (size_t i = 0; t->given_up && i < t->nowners; i++)
		if (!t->owner[i])
			return i;
	return make_room(t) < 0 ? SIZE_MAX : t->nowners;
}

size_t turns_owner(struct turns *t, const char *name)
{
	size_t i = name_index_find(&t->index, t->owner, name);
	struct owner *o;

	if (i != SIZE_MAX)
		return i;
	i = free_number(t);
	if (i == SIZE_MAX || !(o = calloc(1, sizeof(*o))))
		return SIZE_MAX;
	snprintf(o->name, sizeof(o->name), "%s", name);
	job_heap_init(&o->jobs);
	t->owner[i] = o;
	if (name_index_add(&t->index, t->owner, i) < 0) {
		t->owner[i] = NULL;
		free(o);
		return SIZE_MAX;
	}
	if (i == t->nowners)
		t->nowners++;
	else
		t->given_up--;
	return i;
}

bool turns_drop(struct turns *t, size_t number)
{
	struct owner *o = number < t->nowners ? t->owner[number] : NULL;

	if (!o || o->jobs.n)
		return false;
	if (o->in_line)
		leave(t, o);
	name_index_remove(&t->index, t->owner, number);
	job_heap_release(&o->jobs);
	t->owner[number] = NULL;
	t->given_up++;
	free(o);
	return true;
}

int turns_add(struct turns *t, struct owner *o, const char *id, int priority, int attempts)
{
	size_t before = o->jobs.n;
	int r;

	if (before >= t->most_waiting)
		return 1;
	r = job_heap_add(&o->jobs, id, priority, attempts);
	t->waiting += o->jobs.n - before;
	if (!o->in_line && o->jobs.n && !t->scanning)
		append(t, o);
	return r;
}

/* ---- scans ------------------------------------------------------------------------------ */

void turns_scan_begin(struct turns *t)
{
	t->scanning = true;
}

void turns_forget(struct turns *t, struct owner *o)
{
	t->waiting -= o->jobs.n;
	job_heap_clear(&o->jobs);
}

struct newcomer {
	struct owner *o;
	const char *oldest;
};

static int by_oldest(const void *a, const void *b)
{
	return strcmp(((const struct newcomer *)a)->oldest, ((const struct newcomer *)b)->oldest);
}

void turns_scan_end(struct turns *t)
{
	struct newcomer *v = NULL;
	size_t n = 0, newcomers = 0;

	t->scanning = false;
	for (size_t i = 0; i < t->nowners; i++) {
		struct owner *o = t->owner[i];

		if (!o)
			continue;
		if (o->in_line && !o->jobs.n)
			leave(t, o);
		newcomers += o->jobs.n && !o->in_line;
	}
	if (newcomers)
		v = malloc(newcomers * sizeof(*v));
	for (size_t i = 0; i < t->nowners && newcomers; i++) {
		struct owner *o = t->owner[i];

		if (!o || !o->jobs.n || o->in_line)
			continue;
		if (v)
			v[n++] = (struct newcomer){ o, job_heap_oldest(&o->jobs) };
		else
			append(t, o); /* no memory to sort them */
	}
	if (n)
		qsort(v, n, sizeof(*v), by_oldest);
	for (size_t i = 0; i < n; i++)
		append(t, v[i].o);
	free(v);
}

/* ---- choosing -------------------------------------------------------------------------------- */

static void hand_out(struct turns *t, struct owner *o, size_t place, struct queued *q)
{
	struct waiting_job j = job_heap_remove(&o->jobs, place);

	t->waiting--;
	snprintf(q->owner, sizeof(q->owner), "%s", o->name);
	memcpy(q->id, j.id, sizeof(q->id));
	q->priority = j.priority;
	q->attempts = j.attempts;
}

bool turns_next(struct turns *t, turns_may_fn may_begin, void *arg, struct queued *q)
{
	struct owner *o = t->first;

	while (o && may_begin && !may_begin(arg, o->name))
		o = o->next;
	if (!o)
		return false;
	hand_out(t, o, 0, q);
	leave(t, o);
	if (o->jobs.n)
		append(t, o);
	return true;
}

void turns_again(struct turns *t, const char *owner)
{
	struct owner *o = turns_find(t, owner);

	if (!o || !o->in_line)
		return;
	leave(t, o);
	prepend(t, o);
}

bool turns_take(struct turns *t, const char *owner, const char *id, struct queued *q)
{
	struct owner *o = turns_find(t, owner);
	size_t place = o ? job_heap_find(&o->jobs, id) : SIZE_MAX;

	if (place == SIZE_MAX)
		return false;
	hand_out(t, o, place, q);
	if (!o->jobs.n && o->in_line)
		leave(t, o);
	return true;
}
