/* job_heap.c - a binary heap with an index from ids to places, so that a cancel finds its job at once */
#include "runner/queue/job_heap.h"
#include "runner/queue/name_index.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *id_at(const void *jobs, size_t place)
{
	return ((const struct waiting_job *)jobs)[place].id;
}

void job_heap_init(struct job_heap *h)
{
	*h = (struct job_heap){ 0 };
	name_index_init(&h->index, id_at);
}

void job_heap_release(struct job_heap *h)
{
	free(h->job);
	name_index_release(&h->index);
	*h = (struct job_heap){ 0 };
}

void job_heap_clear(struct job_heap *h)
{
	h->n = 0;
	name_index_clear(&h->index);
}

static int before(const struct waiting_job *a, const struct waiting_job *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return strcmp(a->id, b->id) < 0; /* ids sort by age */
}

/* Puts job at place. Jobs move through a hole in the heap: the job being moved has no place meanwhile, so that each
 * place is in the index only once. */
static void settle(struct job_heap *h, size_t place, const struct waiting_job *job, size_t from)
{
	h->job[place] = *job;
	name_index_move(&h->index, job->id, from, place);
}

static void sift_up(struct job_heap *h, size_t i)
{
	struct waiting_job job = h->job[i];

	name_index_move(&h->index, job.id, i, NAME_INDEX_NOWHERE);
	for (size_t parent; i && before(&job, &h->job[parent = (i - 1) / 2]); i = parent)
		settle(h, i, &h->job[parent], parent);
	settle(h, i, &job, NAME_INDEX_NOWHERE);
}

static void sift_down(struct job_heap *h, size_t i)
{
	struct waiting_job job = h->job[i];

	name_index_move(&h->index, job.id, i, NAME_INDEX_NOWHERE);
	for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
		if (child + 1 < h->n && before(&h->job[child + 1], &h->job[child]))
			child++;
		if (!before(&h->job[child], &job))
			break;
		settle(h, i, &h->job[child], child);
	}
	settle(h, i, &job, NAME_INDEX_NOWHERE);
}

static int make_room(struct job_heap *h)
{
	size_t cap = h->cap ? h->cap * 2 : 16;
	struct waiting_job *v;

	if (h->n < h->cap)
		return 0;
	v = realloc(h->job, cap * sizeof(*v));
	if (!v)
		return -1;
	h->job = v;
	h->cap = cap;
	return 0;
}

int job_heap_add(struct job_heap *h, const char *id, int priority, int attempts)
{
	size_t known = job_heap_find(h, id);
	struct waiting_job *j;

	if (known != SIZE_MAX)
		job_heap_remove(h, known);
	if (make_room(h) < 0)
		return -1;
	j = &h->job[h->n];
	snprintf(j->id, sizeof(j->id), "%s", id);
	j->priority = (unsigned char)priority;
	j->attempts = (unsigned char)attempts;
	if (name_index_add(&h->index, h->job, h->n) < 0)
		return -1;
	sift_up(h, h->n++);
	return 0;
}

size_t job_heap_find(const struct job_heap *h, const char *id)
{
	return name_index_find(&h->index, h->job, id);
}

struct waiting_job job_heap_remove(struct job_heap *h, size_t place)
{
	struct waiting_job gone = h->job[place];
	size_t last = h->n - 1;

	name_index_remove(&h->index, h->job, place);
	if (place != last)
		settle(h, place, &h->job[last], last);
	h->n = last;
	if (place < h->n) {
		sift_up(h, place);
		sift_down(h, place);
	}
	return gone;
}

const char *job_heap_oldest(const struct job_heap *h)
{
	const char *oldest = h->job[0].id;

	for (size_t i = 1; i < h->n; i++)
		if (strcmp(h->job[i].id, oldest) < 0)
			oldest = h->job[i].id;
	return oldest;
}
