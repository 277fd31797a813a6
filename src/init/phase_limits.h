/* phase_limits.h - a phase's use of cpu, memory, processes and disk, against its limits
 *
 *     phase_limits_init, _begin, _processes, (_check at next_at)*, _finish
 *
 * The figures are differences from what the box had used when the phase began.
 */
#ifndef CEE_INIT_PHASE_LIMITS_H
#define CEE_INIT_PHASE_LIMITS_H

#include "base/limit.h"
#include "init/cgroup.h"
#include "init/executor.h"
#include "init/gauge.h"
#include "init/phase_verdict.h"
#include "init/supervisor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct phase_limits {
	const struct gauge *gauge;
	struct executor *x;
	const uint64_t *limit; /* LIMIT_COUNT; LIMIT_NONE or more: none */
	uint64_t exceeded;     /* bit set of enum limit_id */
	struct cgroup_sample base, last;
	int64_t base_own_us, base_disk;
	int64_t memory, peak, cpu_us; /* as sampled */
	int64_t next_at;	      /* of the next sample */
	int64_t oom_kills;	      /* in this phase; known when it is finished */
	bool job_cgroup; /* the figures are of the programs' own cgroup (cgroup_open_jobs), which has the memory limit */
	bool counted;	 /* the kernel's count of the largest use is in peak */
	bool over_memory; /* it used more than its memory; known when it is finished */
	int64_t disk_now, disk_peak,
		disk_grown;   /* bytes of its files: in the last sample, the most, since the one before */
	int64_t room;	      /* as phase_limits_room said last */
	bool exact_processes; /* the cgroup bounds them, so it counts what it refused */
};

/* LIMIT_NONE: no limit. */
int64_t phase_limit(const struct phase_limits *l, enum limit_id id);
void phase_limits_exceed(struct phase_limits *l, enum limit_id id);
bool phase_limits_exceeded(const struct phase_limits *l, enum limit_id id);

void phase_limits_init(struct phase_limits *l, const struct gauge *g, struct executor *x, const uint64_t *limit);
/* Takes the base figures. own_shared: shared memory of init's, which is not the job's. */
void phase_limits_begin(struct phase_limits *l, uint64_t own_shared);
uint32_t phase_limits_processes(struct phase_limits *l); /* for RLIMIT_NPROC, 0 none */
/* A sample, now; returns why to kill the program, or NO_REASON. own_memory: memory of init's
 * that has grown since the beginning. */
int phase_limits_check(struct phase_limits *l, int64_t now, int64_t started_us, size_t own_memory);
/* How much memory the job's files need in its cgroup, with room for what it writes until the next sample. true: it is
 * to be told to the runner. */
bool phase_limits_room(struct phase_limits *l, uint64_t *bytes);
/* The last figures, while the place is still there; completes *e. */
void phase_limits_finish(struct phase_limits *l, struct ended *e);

#endif
