/* engine_checks.c - checks of the engine, of languages, of boxes and of their limits */
#include "doctor/engine_checks.h"
#include "base/limit.h"
#include "doctor/doctor.h"
#include "doctor/doctor_needs.h"
#include "doctor/report.h"
#include "engine/engine.h"
#include "job/languages.h"
#include "runner/host/cells.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void check_conf(struct doctor *d, struct finding *f)
{
	finding_set(f, FINDING_OK, "", "%s",
		    d->config.conf.path ? d->config.conf.path : "no file: the built-in values");
}

void check_engine(struct doctor *d, struct finding *f)
{
	struct finding none;

	if (need_info(d, &none))
		finding_set(f, FINDING_OK, "", "%s at %s, kernel %s", d->info.version, engine_host(d), d->info.kernel);
	else if (d->engine_there)
		finding_set(f, FINDING_FAIL, "look at the engine's log",
			    "%s: gives no description of itself (GET /info)", engine_host(d));
	else if (engine_old(&d->docker.engine))
		finding_set(f, FINDING_OK, "", "answers at %s", engine_host(d));
	else if (!d->engine_begun)
		finding_set(f, FINDING_FAIL, "set docker_host in cee.conf, or DOCKER_HOST", "%s", d->engine_error.msg);
	else
		finding_set(f, FINDING_FAIL,
			    "start it, or set docker_host in cee.conf or DOCKER_HOST; this user must be allowed to "
			    "open its socket",
			    "no engine answers at %s: %s", engine_host(d),
			    engine_trouble(&d->docker.engine)[0] ? engine_trouble(&d->docker.engine) : "within 6 s");
}

void check_api(struct doctor *d, struct finding *f)
{
	if (need_engine(d, f))
		finding_set(f, FINDING_OK, "", "%s", engine_api(&d->docker.engine));
	else if (engine_old(&d->docker.engine))
		finding_set(f, FINDING_FAIL, "upgrade the engine", "%s", engine_trouble(&d->docker.engine));
}

void check_cgroup(struct doctor *d, struct finding *f)
{
	if (need_info(d, f))
		host_cgroup(f, &d->info);
}

void check_runtime(struct doctor *d, struct finding *f)
{
	if (need_info(d, f))
		host_runtime(f, &d->info, &d->config.conf);
}

void check_seccomp(struct doctor *d, struct finding *f)
{
	cJSON *j = d->config.seccomp ? cJSON_Parse(d->config.seccomp) : NULL;
	struct finding none;

	if (!d->config.seccomp)
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee", "%s",
			    d->seccomp_error.msg);
	else if (!cJSON_IsObject(j))
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee",
			    "seccomp = %s: not a JSON object", d->config.conf.seccomp);
	else if (need_info(d, f) && !d->info.seccomp)
		finding_set(f, FINDING_FAIL, "use an engine and a kernel with seccomp (CONFIG_SECCOMP_FILTER)",
			    "this engine has no seccomp: the profile would not be enforced");
	else if (need_box(d, &none))
		finding_set(f, FINDING_OK, "", "%s, accepted", d->config.conf.seccomp);
	else if (d->box_asked && strcasestr(d->box.reason, "seccomp"))
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee", "seccomp = %s: %s",
			    d->config.conf.seccomp, d->box.reason);
	else if (d->engine_there)
		finding_set(f, FINDING_WARN, "", "%s: %s", d->config.conf.seccomp, none.what);
	cJSON_Delete(j);
}

static const struct cells_seen *cells_seen(const struct doctor *d, struct cells_seen *seen)
{
	*seen = (struct cells_seen){ .built = d->box.cells, .profile = d->boxes.apparmor, .said = d->box.said };
	return seen;
}

void check_apparmor(struct doctor *d, struct finding *f)
{
	struct cells_seen seen;
	struct finding none;

	bool known;

	if (!need_info(d, f))
		return;
	known = d->info.apparmor && (need_box(d, &none) || strstr(d->box.said, HOST_NO_SIGNALS));
	host_apparmor(f, &d->config.conf, &d->info, known ? cells_seen(d, &seen) : NULL);
}

void check_init(struct doctor *d, struct finding *f)
{
	const char *init = d->config.conf.init;
	struct finding none;

	if (access(init, X_OK) < 0)
		finding_set(f, FINDING_FAIL, "run make, or set init in cee.conf", "init = %s: %s", init,
			    strerror(errno));
	else if (need_box(d, &none))
		host_init(f, &d->config.conf, &d->box);
	else if (d->box_asked && strstr(d->box.reason, "cee-init"))
		finding_set(f, FINDING_FAIL, "set init in cee.conf to the cee-init of this version", "init = %s: %s",
			    init, d->box.reason);
	else
		finding_set(f, FINDING_WARN, "", "%s: %s", init, none.what);
}

void check_box(struct doctor *d, struct finding *f)
{
	if (need_box(d, f))
		finding_set(f, FINDING_OK, "", "comes up, from the image %s", d->image);
	else if (d->box_asked)
		host_box(f, &d->config.conf, &d->info, &d->box);
}

void check_cells(struct doctor *d, struct finding *f)
{
	struct host_userns u;
	struct cells_seen seen;

	if (!need_box(d, f) && !d->config.conf.cells_never)
		return;
	host_userns_read(&u);
	host_cells(f, &d->config.conf, &d->info, &u, cells_seen(d, &seen));
}

void check_tmpfs(struct doctor *d, struct finding *f)
{
	static const struct limit_probe c = { .what = "tmpfs" };
	struct limit_probe_end e;

	if (!need_box(d, f) || !probe(d, &c, &e))
		return;
	if (e.ran && e.why == REASON_EXITED && e.phase.exit_code == 0)
		finding_set(f, FINDING_OK, "", "/work, /tmp and /dev/shm have %lld MiB; the rest is read-only",
			    (long long)limit_probe_number(&e, "/work") >> 10);
	else
		finding_set(f, FINDING_FAIL,
			    "use a runtime that mounts tmpfs with a size and keeps the root read-only: runc, crun",
			    "%s", e.ran ? "a job can write where no tmpfs is" : e.reason);
}

/* How the memory limit of jobs is kept, after its probe. */
static const char *way_of_memory(const struct doctor *d, char why[300])
{
	const char *reason = d->config.conf.job_cgroups_never ? "job_cgroups = never"
			     : !boxes_cells(&d->boxes)	      ? "there are no cells"
							      : d->boxes.no_job_cgroup;

	if (*reason)
		snprintf(why, 300, "; by samples, since no cgroup can be made for jobs: %.200s", reason);
	else
		snprintf(why, 300, "; exact, in a cgroup of the job's own");
	return why;
}

/* One limit of limit.h; for two of them the engine's own bound as well. */
void check_limit(struct doctor *d, struct finding *f, enum limit_id id)
{
	struct limit_probe_end e;
	char seen[200], hard[sizeof(f->what)] = "", why[300];

	if (!need_box(d, f))
		return;
	if (id == LIMIT_MEMORY || id == LIMIT_PROCESSES) {
		(id == LIMIT_MEMORY ? host_memory : host_processes)(f, &d->info, &d->box);
		if (f->status == FINDING_FAIL)
			return;
		snprintf(hard, sizeof(hard), "%.200s; ", f->what);
	}
	if (!probe(d, &limit_probe_of[id], &e))
		return;
	if (!e.ran)
		finding_set(f, FINDING_FAIL, "look at the engine's log", "its limit probe did not run: %s", e.reason);
	else if (limit_probe_held(id, &e, seen, sizeof(seen)))
		finding_set(f, FINDING_OK, "", "%s%s%s", hard, seen, id == LIMIT_MEMORY ? way_of_memory(d, why) : "");
	else
		finding_set(f, FINDING_FAIL,
			    "run this host's jobs elsewhere and report it, with the output of cee-doctor --json",
			    "it does not hold: %s", seen);
}

void check_languages(struct doctor *d, struct finding *f)
{
	if (d->langs_error.msg[0])
		finding_set(f, FINDING_FAIL, "correct that file", "%s", d->langs_error.msg);
	else if (!d->config.langs.n)
		finding_set(f, FINDING_FAIL, "set languages in cee.conf to etc/languages.d of cee",
			    "%s: contains no language file", d->config.conf.languages);
	else
		finding_set(f, FINDING_OK, "", "%zu in %s", d->config.langs.n, d->config.conf.languages);
}

/* Prints a line for each language; all other checks print only one. */
void check_images(struct doctor *d, struct finding *f)
{
	const struct langs *l = &d->config.langs;
	char name[100], remedy[200];

	if (!need_image(d, f) && !d->images_asked)
		return;
	f->what[0] = 0;
	for (size_t i = 0; i < l->n && d->image_there && !d->interrupted; i++) {
		struct finding one;

		snprintf(name, sizeof(name), "image %.80s", l->l[i].name);
		snprintf(remedy, sizeof(remedy), "cee-lang build %.80s", l->l[i].name);
		if (d->image_there[i])
			finding_set(&one, FINDING_OK, "", "%s", l->l[i].image);
		else /* a host must have at least one language, not all of them */
			finding_set(&one, d->image ? FINDING_WARN : FINDING_FAIL, remedy, "%s is missing",
				    l->l[i].image);
		report(d, name, &one);
	}
}
