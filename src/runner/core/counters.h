/* metrics.h - what an operator's monitoring asks this runner, for SPOOL/metrics (metrics.c) */
#ifndef RUNNER_METRICS_H
#define RUNNER_METRICS_H

#include "base/buf.h"
#include "job/result.h"
#include "runner/engine/docker.h"

#include <stdbool.h>
#include <stdint.h>

/* A job has its result: counted by its end. output: bytes of it that are kept. */
void metrics_job(const struct result *r, int64_t output);
void metrics_rerun(void);
/* A request that the engine failed or did not answer. */
void metrics_engine_error(void);
struct metrics_now {
	int64_t queued;
	int running, places;
	bool engine_up;
};
/* All of it, as Prometheus reads it. -1 ENOMEM. */
int metrics_format(struct buf *b, const char *runner, const struct metrics_now *now);
#endif
