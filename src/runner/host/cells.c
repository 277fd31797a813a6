/* cells.c - why a box can or cannot build cells, and the AppArmor profile that decides it
 *
 * cee-init says which step failed and with which error. The error tells who refused it:
 *
 *     EACCES (Permission denied)          a security module: AppArmor, by the profile of the box
 *     EPERM  (Operation not permitted)    a seccomp profile, or a setting of the kernel
 *     ENOSPC (No space left on device)    user.max_user_namespaces
 *     EINVAL, ENOSYS                      a kernel or a runtime without user namespaces
 */
#include "runner/host/cells.h"
#include "base/buf.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "engine/engine_info.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD "as root: scripts/apparmor-load, or apparmor_parser -r /etc/apparmor.d/" CELLS_PROFILE
#define OWN_SECCOMP                                                                                                    \
	"set seccomp in cee.conf to etc/seccomp.json of cee, and runtime to one with user namespaces: runc, crun"

/* ---- AppArmor --------------------------------------------------------------------- */

const char *cells_profile(const struct conf *c, const struct engine_info *h)
{
	if (!conf_auto(c->apparmor))
		return conf_named(c->apparmor);
	return h->apparmor ? CELLS_PROFILE : NULL;
}

bool cells_profile_missing(const char *profile, const struct limit_probe_end *e)
{
	return profile && !e->ready && strcasestr(e->reason, "apparmor");
}

static bool says(const char *said, int error)
{
	return strstr(said, strerror(error)) != NULL;
}

static bool apparmor_refused(const struct engine_info *h, const char *said)
{
	return h->apparmor && says(said, EACCES);
}

/* What makes the profile of the box allow cells. */
static void profile_remedy(char *out, size_t size, const struct conf *c, const char *profile)
{
	if (profile && strcmp(profile, CELLS_PROFILE) == 0)
		snprintf(out, size, "load the %s of this version, %s; then start cee-runner again", CELLS_PROFILE,
			 LOAD);
	else if (conf_auto(c->apparmor))
		snprintf(out, size, "load cee's profile, %s; then start cee-runner again", LOAD);
	else
		snprintf(out, size, "set apparmor = auto in cee.conf, and load cee's profile, %s", LOAD);
}

void host_apparmor(struct finding *f, const struct conf *c, const struct engine_info *h, const struct cells_seen *seen)
{
	bool named = c->apparmor && c->apparmor[0] && !conf_auto(c->apparmor);
	const char *profile = seen && seen->profile ? seen->profile : named ? c->apparmor : NULL;
	char remedy[sizeof(f->remedy)];

	if (named && !h->apparmor) {
		finding_set(f, FINDING_WARN, "set apparmor = auto in cee.conf",
			    "apparmor = %s: this engine has no AppArmor and ignores it", c->apparmor);
	} else if (!h->apparmor) {
		finding_set(f, FINDING_OK, "", "none here");
	} else if (seen && !seen->built && !c->cells_never && apparmor_refused(h, seen->said)) {
		profile_remedy(remedy, sizeof(remedy), c, profile);
		finding_set(f, FINDING_WARN, remedy, "%s forbids cells: %.200s",
			    profile ? profile : "the engine's own profile", seen->said);
	} else {
		finding_set(f, FINDING_OK, "", "%s", profile ? profile : "the engine's own profile");
	}
}

/* ---- cells ------------------------------------------------------------------------- */

static int64_t read_number(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf b = { 0 };

	return fd < 0 || read_fd(fd, 64, &b) < 0 || !b.data ? -1 : strtoll(b.data, NULL, 10);
}

void host_userns_read(struct host_userns *u)
{
	u->max = read_number("/proc/sys/user/max_user_namespaces");
	u->apparmor_restricts = (int)read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	u->clone_allowed = (int)read_number("/proc/sys/kernel/unprivileged_userns_clone");
}

struct cause {
	const char *why;
	char remedy[320];
};

static struct cause cause(const char *why, const char *remedy)
{
	struct cause w = { .why = why };

	snprintf(w.remedy, sizeof(w.remedy), "%s", remedy);
	return w;
}

static struct cause apparmor_cause(const struct conf *c, const char *profile)
{
	struct cause w = { .why = "the engine's own AppArmor profile forbids them" };

	if (profile && strcmp(profile, CELLS_PROFILE) == 0)
		w.why = "the AppArmor profile " CELLS_PROFILE " that is loaded forbids them";
	else if (profile)
		w.why = "the AppArmor profile of apparmor in cee.conf forbids them";
	profile_remedy(w.remedy, sizeof(w.remedy), c, profile);
	return w;
}

static struct cause why_no_cells(const struct conf *c, const struct engine_info *h, const struct host_userns *u,
				 const struct cells_seen *seen)
{
	const char *said = seen->said;

	if (u->max == 0 || (strstr(said, "clone: ") && says(said, ENOSPC)))
		return cause(u->max == 0 ? "user.max_user_namespaces is 0" : "user.max_user_namespaces is used up",
			     "sysctl user.max_user_namespaces=10000, and the same in /etc/sysctl.d");
	if (apparmor_refused(h, said))
		return apparmor_cause(c, seen->profile);
	if (u->clone_allowed == 0)
		return cause("kernel.unprivileged_userns_clone is 0",
			     "sysctl kernel.unprivileged_userns_clone=1, and the same in /etc/sysctl.d");
	if (u->apparmor_restricts > 0 && !seen->profile)
		return cause("AppArmor restricts user namespaces of programs without a profile "
			     "(kernel.apparmor_restrict_unprivileged_userns)",
			     "set apparmor = auto in cee.conf, and load cee's profile, " LOAD
			     "; unconfined does not help");
	if (says(said, EACCES))
		return cause("a security module of the engine's host forbids them",
			     "allow boxes user namespaces and mount there; with AppArmor load cee's profile, " LOAD);
	if (strstr(said, "procfs: "))
		return cause("the engine masks paths below /proc", "upgrade the engine: Docker 20.10, Podman 4.3");
	if (strstr(said, "clone: ") && (says(said, EINVAL) || says(said, ENOSYS)))
		return cause("its kernel or runtime has no user namespaces",
			     "use a kernel with CONFIG_USER_NS, and the runtime runc or crun");
	return cause("the box's seccomp profile or the runtime forbids them", OWN_SECCOMP);
}

void host_cells(struct finding *f, const struct conf *c, const struct engine_info *h, const struct host_userns *u,
		const struct cells_seen *seen)
{
	const char *said = seen->said;
	struct cause w;

	if (c->cells_never) {
		finding_set(f, FINDING_WARN, "set cells = auto in cee.conf",
			    "cells = never: a box serves one job, under the stricter filter");
		return;
	}
	if (seen->built) {
		finding_set(f, FINDING_OK, "", "a box builds them");
		return;
	}
	w = why_no_cells(c, h, u, seen);
	finding_set(f, FINDING_WARN, w.remedy,
		    "this host does not allow them: %s%s%.200s%s; each job needs a box of its own, under the stricter "
		    "filter: 0.2 s more for each, and a second more for C#",
		    w.why, said[0] ? " (" : "", said, said[0] ? ")" : "");
}

void host_inodes(struct finding *f, bool podman, bool cells)
{
	if (podman && !cells)
		finding_set(f, FINDING_FAIL, "see cee-doctor cells, which says what boxes lack; or use Docker",
			    "the engine is Podman, whose tmpfs has no bound of inodes, and boxes have no cells here");
	else
		finding_set(f, FINDING_OK, "", "bounded");
}
