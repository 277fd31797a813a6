/* counters.h - the runner's metrics, and their text in SPOOL/metrics */
#ifndef RUNNER_COUNTERS_H
#define RUNNER_COUNTERS_H

#include "base/buf.h"
#include "base/limit.h"
#include "engine/docker.h"
#include "job/result.h"
#include "spool/kept.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COUNTERS_BUCKETS = 14 }; /* buckets of a histogram; one more counts all longer times */
struct histogram {
	int64_t in[COUNTERS_BUCKETS + 1], sum_us;
};

struct counters {
	int64_t jobs[REASON_COUNT];
	int64_t reruns;
	int64_t phases[PHASE_COUNT], cpu_us[PHASE_COUNT], wall_us[PHASE_COUNT];
	int64_t output, dropped, oom_kills;
	int64_t boxes[BOX_SHARED + 1];
	struct histogram queued, whole;
};

void counters_init(struct counters *c);
/* Counts a job that has a result. output: bytes of output that were stored. */
void counters_job(struct counters *c, const struct result *r, int64_t output);
/* Counts an attempt that failed through no fault of the job and was requeued. */
void counters_rerun(struct counters *c);

/* Present values, supplied by the caller. */
struct counters_now {
	int64_t queued;
	int running, places;
	bool engine_up;
	struct kept kept;      /* finished jobs of all owners; bytes -1: not known */
	int64_t engine_errors; /* requests that the engine failed or did not answer */
	const struct counters_boxes {
		const char *state;
		int n;
	} * boxes;
	size_t nboxes;
};
/* Writes all metrics in the Prometheus text format. -1 ENOMEM. */
int counters_format(const struct counters *c, struct buf *b, const char *runner, const struct counters_now *now);
#endif
