/* cgroup_places.h - where on this host the cgroups of containers are
 *
 * Engines and their settings differ, so it is looked up once, in /proc of a container's own process.
 */
#ifndef RUNNER_CGROUP_PLACES_H
#define RUNNER_CGROUP_PLACES_H

#include "base/error.h"

#include <stdbool.h>

enum { CGROUP_PATH = 512 };

/* The folder of a container's cgroup: its id between before and after. */
struct cgroup_place {
	char before[2 * CGROUP_PATH], after[64];
};

/* Zeroed at first. */
struct cgroup_places {
	int version; /* of the memory controller: 1 or 2; 0 not looked up yet */
	struct cgroup_place memory, cpu;
};

/* Looks the places up by a container that runs. 0 also if they are known. -1: e says why. */
int cgroup_places_find(struct cgroup_places *p, const char *container, struct cee_err *e);
void cgroup_place_of(const struct cgroup_place *p, const char *container, char path[3 * CGROUP_PATH]);
/* The path in a text of the form of /proc/PID/cgroup, for a controller ("" is that of v2). false: it has none. */
bool cgroup_path_in(const char *text, const char *controller, char path[CGROUP_PATH]);
/* The mount point of a controller in a text of the form of /proc/self/mounts; "" is the one of v2. */
bool cgroup_mount_in(const char *text, const char *controller, char path[CGROUP_PATH]);

#endif
