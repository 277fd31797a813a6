/* host.c - is this host fit to run jobs?
 *
 * One set of judgements for the runner's start and for cee-doctor, so that cee-doctor explains in
 * the same text what the runner refuses. That an engine claims to keep a limit proves nothing:
 * limit_probe_bounds tries it.
 */
#include "runner/host/host.h"
#include "base/text.h"
#include "conf/conf.h"
#include "engine/engine_info.h"
#include "runner/box/box.h"
#include "runner/host/limit_probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FAST_RUNTIME "crun" /* starts a box in half of runc's time */

void finding_set(struct finding *f, enum finding_status s, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	f->status = s;
	f->conf = false;
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
	va_start(ap, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
	text_clean(f->what);
	text_clean(f->remedy);
}

/* ---- judgements ------------------------------------------------------------------ */

static const char *no_cgroups(const struct engine_info *h)
{
	return h->rootless ? "give the rootless engine its cgroups: cgroup v2, systemd, and Delegate=cpu memory pids "
			     "for user@.service"
			   : "mount the cgroup controllers memory, pids and cpu, and restart the engine";
}

void host_cgroup(struct finding *f, const struct engine_info *h)
{
	const char *missing = !h->memory_limit ? "memory" : !h->pids_limit ? "processes" : NULL;
	const char *warn = h->warnings[0] ? "; it warns: " : "";

	if (strcmp(h->cgroup_driver, "none") == 0)
		finding_set(f, FINDING_FAIL, no_cgroups(h),
			    "the engine has no cgroups: it silently ignores limits of memory and processes");
	else if (missing)
		finding_set(f, FINDING_FAIL, no_cgroups(h),
			    "the engine says that it cannot limit %s (cgroup v%s, driver %s%s%s)", missing,
			    h->cgroup_version[0] ? h->cgroup_version : "1", h->cgroup_driver, warn, h->warnings);
	else if (!h->cpu_quota)
		finding_set(f, FINDING_WARN,
			    "use a kernel with CONFIG_CFS_BANDWIDTH; until then leave cpus unset in cee.conf",
			    "the engine cannot limit a share of the processors");
	else
		finding_set(f, FINDING_OK, "", "v%s, driver %s%s", h->cgroup_version[0] ? h->cgroup_version : "1",
			    h->cgroup_driver, h->rootless ? ", rootless" : "");
}

static bool has_runtime(const struct engine_info *h, const char *want)
{
	char name[160];

	snprintf(name, sizeof(name), "%.150s ", want);
	for (const char *p = h->runtimes; (p = strstr(p, name)); p++)
		if (p == h->runtimes || p[-1] == ' ')
			return true;
	return false;
}

const char *host_runtime_name(const struct conf *c, const struct engine_info *h)
{
	if (conf_auto(c->runtime))
		return has_runtime(h, FAST_RUNTIME) ? FAST_RUNTIME : NULL;
	return conf_named(c->runtime);
}

void host_runtime(struct finding *f, const struct engine_info *h, const struct conf *c)
{
	const char *want = host_runtime_name(c, h);
	char remedy[600];

	if (want && !has_runtime(h, want)) {
		snprintf(remedy, sizeof(remedy),
			 "set runtime in cee.conf to one of: %.*s; or configure %.40s in the engine",
			 h->runtimes[0] ? (int)strlen(h->runtimes) - 1 : 0, h->runtimes, want);
		finding_set(f, FINDING_FAIL, remedy, "runtime = %s: the engine does not know it", want);
		f->conf = true;
	} else {
		finding_set(f, FINDING_OK, "", "%s%s", want ? want : h->default_runtime,
			    !want		    ? ", the engine's default"
			    : conf_auto(c->runtime) ? ", chosen by runtime = auto"
						    : "");
	}
}

void host_memory(struct finding *f, const struct engine_info *h, const struct limit_probe_end *e)
{
	if (!limit_probe_memory_bound(e))
		finding_set(f, FINDING_FAIL, no_cgroups(h),
			    "this engine does not enforce the memory limit: a box of %lld MiB held %ld MiB",
			    (long long)limit_probe_bounds.box_memory >> 20, limit_probe_bounds.far);
	else
		finding_set(f, FINDING_OK, "", "a box of %lld MiB holds no more",
			    (long long)limit_probe_bounds.box_memory >> 20);
}

void host_processes(struct finding *f, const struct engine_info *h, const struct limit_probe_end *e)
{
	if (!limit_probe_processes_bound(e))
		finding_set(f, FINDING_FAIL, no_cgroups(h),
			    "this engine does not enforce the limit of processes: a box for %lld had more",
			    (long long)limit_probe_bounds.box_processes);
	else
		finding_set(f, FINDING_OK, "", "a box for %lld has no more",
			    (long long)limit_probe_bounds.box_processes);
}

/* An engine that maps users can only give a box numbers that it maps, and says EINVAL to others, in the runtime's words. */
static bool unmapped_uid(const struct engine_info *h, const char *reason)
{
	return (h->userns_remap || h->rootless) && strcasestr(reason, strerror(EINVAL));
}

void host_box(struct finding *f, const struct conf *c, const struct engine_info *h, const struct limit_probe_end *e)
{
	const char *r = e->reason, *remedy = "look at the engine's log";
	char text[320];

	if (e->how == BOX_NO_IMAGE)
		remedy = "cee-lang build";
	else if (unmapped_uid(h, r))
		remedy = "the engine maps users (userns-remap, rootless), and uids lies outside of what it maps: set "
			 "uids = 10000:1000 in cee.conf";
	else if (strstr(e->said, HOST_NO_SIGNALS))
		remedy = "the AppArmor profile of boxes denies signals: load cee's, as root: scripts/apparmor-load, or "
			 "apparmor_parser -r /etc/apparmor.d/cee-box";
	else if (strcasestr(r, "seccomp"))
		remedy = "set seccomp in cee.conf to a profile that the engine takes: etc/seccomp.json of cee";
	else if (strcasestr(r, "apparmor"))
		remedy = "load that profile (apparmor_parser -r), or set apparmor = auto in cee.conf";
	else if (strcasestr(r, "runtime") && c->runtime && c->runtime[0] && strstr(r, c->runtime))
		remedy = "set runtime in cee.conf to one that docker info names";
	else if (strcasestr(r, "bind source path") || strstr(r, "/.cee/init") || strcasestr(r, "cee-init"))
		remedy = "set init in cee.conf to the cee-init of this version, at its path on the engine's host, or, "
			 "in a container, host_paths";
	else if (strcasestr(r, "cpu"))
		remedy = "set cpus in cee.conf to no more than the engine's host has";
	snprintf(text, sizeof(text), "%s", remedy);
	finding_set(f, FINDING_FAIL, text, "no box comes up: %.400s%s%s", r, e->said[0] ? ": " : "", e->said);
	f->conf = strstr(text, "cee.conf");
}

void host_init(struct finding *f, const struct conf *c, const struct limit_probe_end *e)
{
	if (e->ready && strcmp(e->build, CEE_VERSION) != 0)
		finding_set(f, FINDING_FAIL, "install the cee-init that was built with this version",
			    "init = %s: has version %s, and this is version %s", c->init,
			    e->build[0] ? e->build : "none", CEE_VERSION);
	else /* a box started with it and reported this */
		finding_set(f, FINDING_OK, "", "%s, version %s", c->init, e->build);
}
