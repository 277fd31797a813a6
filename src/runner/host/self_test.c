/* self_test.c - may jobs run here, and in cells? The runner's check at its start
 *
 *     GET /info -> host_cgroup, host_runtime -> a probe with cells -> (a probe without) -> the judgements
 *
 * Where the engine has AppArmor the first probe has cee's profile (cells.h). If that is not loaded, or gives no cells,
 * the engine's own is tried.
 *
 * The first failed finding ends the test. A missing image is not a failure: the next language's is tried. An engine
 * whose containerd has just died answers, but every request fails. So a failed start of a box is retried TRIES times,
 * and without limit as long as the engine does not answer.
 */
#include "runner/host/self_test.h"
#include "engine/engine.h"
#include "job/languages.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/host/cells.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 6, PAUSE_US = 500000 };

static void start_probe(struct self_test *t);

static void report(struct self_test *t, const char *cells, const char *reason, const char *remedy)
{
	t->done(t->arg, &(struct self_test_result){ .cells = cells, .reason = reason, .remedy = remedy });
}

static bool fatal(struct self_test *t, const struct finding *f)
{
	if (f->status != FINDING_FAIL)
		return false;
	t->done(t->arg, &(struct self_test_result){ .fatal = f, .cells = "no" });
	return true;
}

/* Schedules a retry unless the limit of retries is reached. */
static bool once_more(struct self_test *t, bool silent)
{
	if (!silent && ++t->tries > TRIES)
		return false;
	loop_timer(&t->again, loop_now(t->boxes->loop) + PAUSE_US);
	return true;
}

static void ask(struct self_test *t);

static void try_again(struct timer *timer)
{
	struct self_test *t = (struct self_test *)((char *)timer - offsetof(struct self_test, again));

	if (engine_up(t->engine))
		ask(t); /* otherwise the test starts again when the engine is back */
}

static void judge_cells(struct self_test *t, const struct limit_probe_end *e)
{
	struct cells_seen seen = { .profile = t->boxes->apparmor, .said = t->never ? t->reason : e->said };
	struct host_userns u;
	struct finding f;

	boxes_set_cells(t->boxes, e->cells && !t->never);
	host_inodes(&f, t->engine->podman, e->cells);
	if (fatal(t, &f))
		return;
	if (e->cells || t->config->conf.cells_never) {
		report(t, e->cells ? "yes" : "no", e->cells ? NULL : "cells = never", NULL);
		return;
	}
	host_userns_read(&u);
	host_cells(&f, &t->config->conf, &t->info, &u, &seen);
	report(t, "no", f.what, f.remedy);
}

/* Only the profile failed: the next probe has the engine's own. */
static bool without_profile(struct self_test *t, const struct limit_probe_end *e)
{
	const char *profile = t->boxes->apparmor;

	if (!cells_profile_missing(profile, e) || !conf_auto(t->config->conf.apparmor))
		return false;
	boxes_set_apparmor(t->boxes, NULL);
	start_probe(t);
	return true;
}

static void probe_ended(void *arg, const struct limit_probe_end *e)
{
	struct self_test *t = arg;
	struct finding f;

	if (e->how == BOX_NO_IMAGE && !e->ready) {
		t->image++;
		start_probe(t);
		return;
	}
	if (!e->ran && limit_probe_number(e, "processes") < 0) {
		if (!engine_up(t->engine))
			return; /* again when it is back */
		if (without_profile(t, e))
			return;
		if (!e->ready && once_more(t, e->how == BOX_AWAY))
			return;
		if (!t->never) { /* perhaps only cells fail on this host */
			t->never = true;
			snprintf(t->reason, sizeof(t->reason), "%s", e->reason);
			boxes_set_cells(t->boxes, false);
			start_probe(t);
			return;
		}
		host_box(&f, &t->config->conf, &t->info, e);
		fatal(t, &f);
		return;
	}
	host_init(&f, &t->config->conf, e);
	if (fatal(t, &f))
		return;
	host_memory(&f, &t->info, e);
	if (fatal(t, &f))
		return;
	host_processes(&f, &t->info, e);
	if (fatal(t, &f))
		return;
	judge_cells(t, e);
}

static void start_probe(struct self_test *t)
{
	const struct langs *l = &t->config->langs;

	if (t->image >= l->n)
		report(t, "unknown", "no language has its image yet: run cee-lang build", NULL);
	else if (limit_probe_start(t->probes, &limit_probe_bounds, l->l[t->image].image, probe_ended, t) < 0)
		report(t, "unknown", "out of memory", NULL);
}

static void info_came(void *arg, const struct engine_answer *a)
{
	struct self_test *t = arg;
	struct finding f;

	if (a->result == ENGINE_AWAY || !engine_up(t->engine)) {
		once_more(t, true); /* one request may fail under an engine that stays up; otherwise when it is back */
		return;
	}
	if (a->result != ENGINE_OK && once_more(t, false))
		return;
	if (a->result != ENGINE_OK) {
		finding_set(&f, FINDING_FAIL, "look at the engine's log",
			    "the engine gives no description of itself (GET /info): %.300s", a->message);
		fatal(t, &f);
		return;
	}
	t->info = *a->info;
	host_cgroup(&f, &t->info);
	if (fatal(t, &f))
		return;
	host_runtime(&f, &t->info, &t->config->conf);
	if (fatal(t, &f))
		return;
	boxes_set_runtime(t->boxes, host_runtime_name(&t->config->conf, &t->info));
	boxes_set_apparmor(t->boxes, cells_profile(&t->config->conf, &t->info));
	start_probe(t);
}

static void ask(struct self_test *t)
{
	if (!engine_ask(t->engine, &(struct engine_request){ .op = ENGINE_INFO }, info_came, t))
		report(t, "unknown", "out of memory", NULL);
}

void self_test_init(struct self_test *t, struct boxes *bs, struct limit_probes *ps, self_test_done *done, void *arg)
{
	*t = (struct self_test){ .engine = bs->engine, .boxes = bs, .probes = ps, .done = done, .arg = arg };
	timer_init(&t->again, bs->loop, try_again);
}

void self_test_start(struct self_test *t, const struct config *c)
{
	t->config = c;
	t->image = 0;
	limit_probes_stop(t->probes);
	t->never = c->conf.cells_never;
	t->reason[0] = 0;
	t->tries = 0;
	loop_timer(&t->again, 0);
	boxes_set_cells(t->boxes, !t->never);
	ask(t);
}
