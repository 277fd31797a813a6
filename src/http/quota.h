/* quota.h - how much an owner may submit */
#ifndef CEE_HTTP_QUOTA_H
#define CEE_HTTP_QUOTA_H

#include "http/request.h"

#include <stdbool.h>
#include <stdint.h>

/* May the owner submit n jobs of so many bytes now? Else it has answered 429 or 500. */
bool quota_take(struct request *rq, int64_t jobs, int64_t bytes);
/* The owner's queue is full: answers 429, with when a place will be free at the rate it moves at. */
void quota_full(struct request *rq);

enum { QUOTA_JOBS_MAX = 1000 }; /* of one request */
/* The algorithm, for its unit test: the wait in microseconds until n may be taken at rate a minute (0: no bound), or
 * 0 and they are taken from *stamp. most: n of the largest request there can be. */
int64_t quota_wait(int64_t *stamp, int64_t now, int64_t n, int64_t rate, int64_t most);

#endif
