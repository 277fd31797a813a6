/* quota.h - limits on an owner's submissions: jobs and bytes per minute */
#ifndef CEE_HTTP_QUOTA_H
#define CEE_HTTP_QUOTA_H

#include "base/error.h"
#include "http/request.h"

#include <stdbool.h>
#include <stdint.h>

/* Charges the owner for so many jobs and bytes. false: the quota does not allow them; 429 or 500 is answered. */
bool quota_take(struct request *rq, int64_t jobs, int64_t bytes);
/* The owner's queue is full: answers 429 with Retry-After, estimated from the rate at which the queue moves. */
void quota_full(struct request *rq);
/* The owner's young results fill keep_bytes: answers 429 with e's words. */
void quota_kept(struct request *rq, const struct cee_err *e);

/* Once an hour: removes the files in dir whose rates are paid off and that were not written for an hour. state: where
 * the mark of the last time lies. */
void quota_sweep(int state, int dir);

enum { QUOTA_JOBS_MAX = 1000 }; /* of one request */
/* The algorithm, for its unit test. Returns 0 and charges n units to *stamp, or returns the wait in microseconds until
 * they are allowed. rate: units per minute, 0 unlimited. most: units of the largest possible request. */
int64_t quota_wait(int64_t *stamp, int64_t now, int64_t n, int64_t rate, int64_t most);

#endif
