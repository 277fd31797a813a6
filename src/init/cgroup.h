/* cgroup.h - figures of the box's cgroup, as the box itself sees it */
#ifndef CEE_INIT_CGROUP_H
#define CEE_INIT_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup {
	int version;					/* of the cgroups: 1, 2, or 0 where none is visible */
	int cpu, memory, total, oom, pids, pids_events; /* descriptors or -1 */
	int peak;					/* likewise */
	int64_t pids_max;				/* -1 unlimited or unknown */
};

struct cgroup_sample {
	int64_t cpu_us; /* user and system, of the whole box */
	int64_t total;	/* bytes, with page cache; cheap to read */
	int64_t peak; /* the largest total since it was reset, or since the cgroup is there; 0 unknown, or there was a last */
	int64_t anon, shmem;  /* bytes; parts of total */
	int anon_age;	      /* samples since those two were read */
	int64_t oom_kills;    /* since the box began */
	int64_t pids;	      /* tasks now; 0 unknown */
	int64_t pids_refused; /* forks refused by the cgroup since the box began */
	int64_t sockets;      /* bytes that the box's sockets hold; not the cgroup's figure (sockets.h) */
};

enum { CGROUP_FILE = 1024 };

/* The path of a file of this process's own cgroup, as it is to be seen where the whole tree is ("" is the controller of
 * v2). false: unknown. */
bool cgroup_own_file(const char *controller, const char *name, char path[CGROUP_FILE]);
void cgroup_open(struct cgroup *c);
/* From now on cpu time and memory are those of the cgroup "job" beneath the box's, where its cells are; the rest stays
 * the box's. false: it is not to be seen, and nothing has changed. */
bool cgroup_open_jobs(struct cgroup *c);
/* last (or NULL): the sample before; its anon and shmem are reused for a few samples while the
 * total has not grown, because reading these two costs more than all other figures. */
void cgroup_read(const struct cgroup *c, struct cgroup_sample *now, const struct cgroup_sample *last);

#endif
