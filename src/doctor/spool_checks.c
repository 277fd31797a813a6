/* spool_checks.c - checks of the spool, of this host, and of the runners */
#include "doctor/spool_checks.h"
#include "base/clock.h"
#include "base/limit.h"
#include "doctor/doctor.h"
#include "doctor/doctor_needs.h"
#include "doctor/host_checks.h"
#include "engine/engine.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "spool/health.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void check_spool(struct doctor *d, struct finding *f)
{
	local_spool(f, &d->config.conf);
}

void check_room(struct doctor *d, struct finding *f)
{
	local_room(f, &d->config.conf);
}

void check_uids(struct doctor *d, struct finding *f)
{
	local_uids(f, &d->config.conf);
}

static int count_owner(void *arg, const char *name)
{
	(void)name;
	++*(int64_t *)arg;
	return 0;
}

void check_inotify(struct doctor *d, struct finding *f)
{
	struct spool s;
	int64_t owners = 0;

	if (spool_open(&s, d->config.conf.spool, 0, false, NULL) == 0) {
		spool_each_owner(&s, count_owner, &owners);
		spool_release(&s);
	}
	local_inotify(f, owners);
}

void check_clock(struct doctor *d, struct finding *f)
{
	static const struct limit_probe c = { .what = "clock" };
	struct limit_probe_end e = { .ran = false };
	int64_t before = 0, after = 0, box = 0;

	if (need_box(d, f)) {
		before = now_us();
		probe(d, &c, &e);
		after = now_us();
		box = e.ran ? limit_probe_number(&e, "clock") : 0;
	}
	local_clock(f, box, before, after);
}

/* Boxes of this spool whose runner is not alive. This process's own boxes were removed before. */
struct leftovers {
	const char *spool_real;
	struct spool *spool;
	int64_t n;
	char first[16];
};

static void take_leftovers(void *arg, const struct engine_answer *a)
{
	struct leftovers *l = arg;

	for (size_t i = 0; i < a->ncontainers; i++) {
		const struct engine_container *c = &a->containers[i];
		const char *runner = engine_label(c->labels, c->nlabels, "cee.runner");

		if (!*runner || strcmp(engine_label(c->labels, c->nlabels, "cee.spool"), l->spool_real) != 0 ||
		    spool_runner_lives(l->spool, runner) ||
		    strncmp(runner, "doctor-", 7) == 0) /* another cee-doctor is running; its boxes end with it */
			continue;
		if (!l->n++)
			snprintf(l->first, sizeof(l->first), "%.12s", c->id);
	}
}

void check_boxes(struct doctor *d, struct finding *f)
{
	static const struct engine_label label = { "cee.runner", NULL };
	const struct engine_request r = { .op = ENGINE_LIST, .labels = &label, .nlabels = 1 };
	struct spool s;
	struct leftovers l = { .spool_real = d->spool_real, .spool = &s };
	enum engine_result listed;

	if (!need_engine(d, f))
		return;
	if (spool_open(&s, d->config.conf.spool, 0, false, NULL) < 0) {
		unmet(f, "it needs the spool");
		return;
	}
	listed = ask(d, &r, take_leftovers, &l);
	spool_release(&s);
	if (listed != ENGINE_OK)
		finding_set(f, FINDING_FAIL, "look at the engine's log", "the engine does not list its containers");
	else if (l.n > 0)
		finding_set(f, FINDING_WARN,
			    "start a cee-runner on this spool: it removes them and puts their jobs back",
			    "%lld box%s of dead runners %s left (%s%s)", (long long)l.n, l.n > 1 ? "es" : "",
			    l.n > 1 ? "are" : "is", l.first, l.n > 1 ? ", ..." : "");
	else
		finding_set(f, FINDING_OK, "", "none of a dead runner is left");
}

void check_runner(struct doctor *d, struct finding *f)
{
	char bytes[LIMIT_TEXT_MAX], kept[100] = "";
	struct health h;
	struct spool s;

	if (spool_open(&s, d->config.conf.spool, 0, false, NULL) < 0) {
		unmet(f, "it needs the spool");
		return;
	}
	health_look(&s, 0, &h);
	if (h.kept.bytes >= 0) {
		limit_format(bytes, LIMIT_DISK, h.kept.bytes >> 20 << 20);
		snprintf(kept, sizeof(kept), "; %s of %lld finished jobs are kept", bytes, (long long)h.kept.jobs);
	}
	if (h.state == HEALTH_OK)
		finding_set(f, FINDING_OK, "", "%d alive on this spool%s", h.runners, kept);
	else if (h.state == HEALTH_NO_RUNNER)
		finding_set(f, FINDING_WARN, "start cee-runner: until then jobs wait", "none is alive on this spool");
	else
		finding_set(f, FINDING_FAIL,
			    h.state == HEALTH_STALLED ? "let it go on (kill -CONT), or kill it and start another"
						      : "start the engine: the runner goes on by itself",
			    "%s: %s", health_text[h.state], h.detail);
	spool_release(&s);
}
