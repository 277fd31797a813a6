/* start_within.h - waiting jobs whose start_within ends before their turn comes */
#ifndef RUNNER_START_WITHIN_H
#define RUNNER_START_WITHIN_H

#include "runner/core/queued.h"
#include "runner/queue/turns.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expiring;
struct start_within {
	struct spool *spool;  /* borrowed */
	struct expiring *job; /* few: most jobs wait as long as it takes */
	size_t n, cap;
};
void start_within_release(struct start_within *s);
/* Reads a few of the waiting jobs that were not read before, to see whether they have a start_within. */
void start_within_examine(struct start_within *s, struct turns *t, size_t max_job);
/* Hands out a job whose time is over at now (microseconds since the epoch). */
bool start_within_over(struct start_within *s, struct turns *t, int64_t now, struct queued *q);
#endif
