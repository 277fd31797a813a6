/* counters.h - what the runner counts for monitoring: the text of SPOOL/metrics */
#ifndef RUNNER_COUNTERS_H
#define RUNNER_COUNTERS_H

#include "base/buf.h"
#include "base/limit.h"
#include "engine/docker.h"
#include "job/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTERS_BUCKETS = 14 }; /* of a histogram; one more has what is longer */
struct histogram {
	int64_t in[COUNTERS_BUCKETS + 1], sum_us;
};

struct counters {
	int64_t jobs[WHY_COUNT];
	int64_t reruns;
	int64_t phases[PHASE_COUNT], cpu_us[PHASE_COUNT], wall_us[PHASE_COUNT];
	int64_t output, dropped, oom_kills;
	int64_t boxes[BOX_SHARED + 1];
	struct histogram queued, whole;
};

void counters_init(struct counters *c);
/* A job has its result, which says how it ended. output: bytes of it that are kept. */
void counters_job(struct counters *c, const struct result *r, int64_t output);
/* An attempt failed without the job's doing and was put back. */
void counters_rerun(struct counters *c);

/* What is so at this moment, which others know. */
struct counters_now {
	int64_t queued;
	int running, places;
	bool engine_up;
	int64_t engine_errors; /* requests that the engine failed or did not answer */
	const struct counters_boxes {
		const char *state;
		int n;
	} * boxes;
	size_t nboxes;
};
/* All of it in the Prometheus text format. -1 ENOMEM. */
int counters_format(const struct counters *c, struct buf *b, const char *runner, const struct counters_now *now);
#endif
