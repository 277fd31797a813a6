/* job_heap.h - the waiting jobs of one owner: by priority, then by age */
#ifndef RUNNER_JOB_HEAP_H
#define RUNNER_JOB_HEAP_H

#include "base/id.h"
#include "runner/queue/name_index.h"

#include <stddef.h>

struct waiting_job {
	char id[ID_LEN + 1];
	unsigned char priority, attempts;
};
struct job_heap {
	struct waiting_job *job; /* job[0] is the next */
	size_t n, cap;
	struct name_index index;
};
void job_heap_init(struct job_heap *h);
void job_heap_release(struct job_heap *h);
void job_heap_clear(struct job_heap *h);
/* Adds a job; if it is in the heap already, updates its priority and number of attempts. -1 ENOMEM. */
int job_heap_add(struct job_heap *h, const char *id, int priority, int attempts);
/* Its place, or SIZE_MAX. */
size_t job_heap_find(const struct job_heap *h, const char *id);
struct waiting_job job_heap_remove(struct job_heap *h, size_t place);
/* The id of the job that has waited longest, whatever its priority. The heap must not be empty. */
const char *job_heap_oldest(const struct job_heap *h);
#endif
