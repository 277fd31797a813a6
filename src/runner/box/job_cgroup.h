/* job_cgroup.h - the cgroup of a box's jobs, on the host: their memory limit, exact
 *
 * A container's cgroup has room for cee-init and the job's disk, so its limit is higher than the job's. Beneath it the
 * runner makes one more, "job", and moves the process into it that clones all cells (init/cell_maker.h): so every job's
 * processes are born there. One job at a time uses a box, so the cgroup is that job's, with its limit. The
 * box sees it read-only.
 *
 *     job_cgroup_init, job_cgroup_place, (job_cgroup_limit, job_cgroup_room*)*, job_cgroup_close
 *
 * It goes with the container, whose runtime removes what lies beneath the container's cgroup.
 */
#ifndef RUNNER_JOB_CGROUP_H
#define RUNNER_JOB_CGROUP_H

#include "base/error.h"
#include "runner/box/cgroup_places.h"

#include <stdbool.h>
#include <stdint.h>

struct job_cgroup {
	int version;   /* 0: none */
	int memory;    /* the cgroup's folder, else -1 */
	int peak;      /* on v1 the file of its largest use, else -1 */
	int64_t limit; /* of the job, in bytes */
	int64_t room;  /* for its files */
	int64_t set;   /* as written last */
};

void job_cgroup_init(struct job_cgroup *j);
/* Makes the cgroup beneath that of the container (the engine's id) and moves the maker there, which has that
 * number in the box. -1: it cannot be, and e says why. */
int job_cgroup_place(struct job_cgroup *j, struct cgroup_places *places, const char *container, uint32_t maker,
		     struct cee_err *e);
/* The limit for the next phase, with room for its files, and the largest use begins anew. -1 EBUSY: what ended before
 * still uses more (try again); or another errno. */
int job_cgroup_limit(struct job_cgroup *j, int64_t memory, int64_t room);
/* The files of the job have grown or shrunk. */
void job_cgroup_room(struct job_cgroup *j, int64_t room);
void job_cgroup_close(struct job_cgroup *j);

#endif
