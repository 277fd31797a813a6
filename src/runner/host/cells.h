/* cells.h - why a box can or cannot build cells, and the AppArmor profile that decides it
 *
 * An engine's own profile denies mount and, since AppArmor 4, user namespaces. cee ships one that allows what a cell
 * needs (etc/apparmor.d/cee-box). With "apparmor = auto" that is tried first where the engine has AppArmor, then the
 * engine's own. No I/O, but for host_userns_read.
 */
#ifndef RUNNER_CELLS_H
#define RUNNER_CELLS_H

#include "conf/conf.h"
#include "engine/engine_info.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <stdbool.h>
#include <stdint.h>

#define CELLS_PROFILE "cee-box"

/* The host's settings for user namespaces: -1 if the host has no such setting. */
struct host_userns {
	int64_t max;
	int apparmor_restricts, clone_allowed;
};
void host_userns_read(struct host_userns *u);

/* The profile that the first box gets; NULL: the engine's own. */
const char *cells_profile(const struct conf *c, const struct engine_info *h);
/* Whether the box failed because its profile is not loaded. */
bool cells_profile_missing(const char *profile, const struct limit_probe_end *e);

/* What the trial of a box has shown. */
struct cells_seen {
	bool built;
	const char *profile; /* that the box had; NULL: the engine's own, or none */
	const char *said;    /* why it could not build a cell: cee-init's or the engine's message */
};
void host_cells(struct finding *f, const struct conf *c, const struct engine_info *h, const struct host_userns *u,
		const struct cells_seen *seen);
/* Without cells the box's own tmpfs bounds a job's inodes, and Podman's cannot. */
void host_inodes(struct finding *f, bool podman, bool cells);
/* seen NULL: no box came up. */
void host_apparmor(struct finding *f, const struct conf *c, const struct engine_info *h, const struct cells_seen *seen);
#endif
