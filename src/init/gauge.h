/* gauge.h - where a phase's figures come from: the clock, the box's cgroup, its sockets
 *
 * A table of functions, so that the unit tests have a clock and a cgroup of their own.
 */
#ifndef CEE_INIT_GAUGE_H
#define CEE_INIT_GAUGE_H

#include "init/cgroup.h"
#include "init/sockets.h"

#include <stdbool.h>
#include <stdint.h>

struct gauge_sources {
	struct cgroup cgroup;
	struct sockets sockets;
};

struct gauge {
	void *arg;
	int64_t (*now_us)(void *arg);	  /* CLOCK_MONOTONIC */
	int64_t (*own_cpu_us)(void *arg); /* init's, which is in the cgroup's figure too */
	void (*read)(void *arg, struct cgroup_sample *now, const struct cgroup_sample *last); /* as cgroup_read */
	void (*wait_us)(void *arg, int64_t us);
	bool (*use_jobs)(void *arg); /* as cgroup_open_jobs */
	int64_t pids_max;	     /* of the cgroup; -1 unlimited or unknown */
	long processors;	     /* that programs can use at once */
	bool cgroup;		     /* there is one: its figures are exact */
};

void gauge_init(struct gauge *g, struct gauge_sources *s); /* opens s, which stays the caller's */

#endif
