/* self_test_test - the runner's check at its start: each outcome, each failure of the engine, each retry
 *
 * The probes are the test's own (WRAPPED in the Makefile), the engine is fake_engine.h, the clock stands still.
 */
#include "base/loop.h"
#include "engine/engine_info.h"
#include "job/languages.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "runner/host/self_test.h"
#include "check.h"
#include "fake_engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE = 500000 };

/* ---- probes in the test's hands -------------------------------------------------------------------- */

static struct {
	int started, stopped;
	char image[64];
	void (*done)(void *arg, const struct limit_probe_end *e);
	void *arg;
	bool fails;
} probe;

int __wrap_limit_probe_start(struct limit_probes *ps, const struct limit_probe *p, const char *image,
			     void (*done)(void *arg, const struct limit_probe_end *e), void *arg);
void __wrap_limit_probes_stop(struct limit_probes *ps);

int __wrap_limit_probe_start(struct limit_probes *ps, const struct limit_probe *p, const char *image,
			     void (*done)(void *arg, const struct limit_probe_end *e), void *arg)
{
	(void)ps, (void)p;
	if (probe.fails)
		return -1;
	probe.started++;
	snprintf(probe.image, sizeof(probe.image), "%s", image);
	probe.done = done;
	probe.arg = arg;
	return 0;
}

void __wrap_limit_probes_stop(struct limit_probes *ps)
{
	(void)ps;
	probe.stopped++;
}

static void probe_ends(const struct limit_probe_end *e)
{
	probe.done(probe.arg, e);
}

/* ---- a bench ------------------------------------------------------------------------------------------ */

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct config config;
	struct boxes boxes;
	struct limit_probes probes;
	struct self_test test;
	struct lang lang[2];
	int done;
	bool fatal;
	char what[600], remedy[400], cells[16], reason[600];
};

static void on_done(void *arg, const struct self_test_result *r)
{
	struct bench *t = arg;

	t->done++;
	t->fatal = r->fatal != NULL;
	snprintf(t->what, sizeof(t->what), "%s", r->fatal ? r->fatal->what : "");
	snprintf(t->remedy, sizeof(t->remedy), "%s", r->fatal ? r->fatal->remedy : r->remedy ? r->remedy : "");
	snprintf(t->cells, sizeof(t->cells), "%s", r->cells);
	snprintf(t->reason, sizeof(t->reason), "%s", r->reason ? r->reason : "");
}

static const struct engine_info good = { .version = "20.10",
					 .cgroup_driver = "cgroupfs",
					 .cgroup_version = "1",
					 .default_runtime = "runc",
					 .runtimes = "runc ",
					 .memory_limit = true,
					 .swap_limit = true,
					 .pids_limit = true,
					 .cpu_quota = true,
					 .seccomp = true };

/* The engine describes itself so. */
static bool info(struct bench *t, const struct engine_info *i)
{
	t->fake.info = *i;
	return fake_ok(&t->fake, ENGINE_INFO);
}

static void start(struct bench *t)
{
	*t = (struct bench){ .lang = { { .name = (char *)"c", .image = (char *)"cee/c" },
				       { .name = (char *)"py", .image = (char *)"cee/py" } } };
	memset(&probe, 0, sizeof(probe));
	conf_init(&t->config.conf);
	free(t->config.conf.init);
	t->config.conf.init = strdup("/opt/cee-init");
	t->config.langs = (struct langs){ .l = t->lang, .n = 2 };
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	boxes_init(&t->boxes, &t->loop, &t->fake.engine, &t->config);
	limit_probes_init(&t->probes, &t->boxes);
	self_test_init(&t->test, &t->boxes, &t->probes, on_done, t);
	self_test_start(&t->test, &t->config);
}

static void finish(struct bench *t)
{
	loop_timer(&t->test.again, 0);
	boxes_release(&t->boxes);
	fake_release(&t->fake);
	loop_release(&t->loop);
	conf_release(&t->config.conf);
}

static void to_probe(struct bench *t)
{
	start(t);
	CHECK(info(t, &good) && probe.started == 1 && strcmp(probe.image, "cee/c") == 0 && t->done == 0);
}

/* As an engine that keeps its limits has it. */
static struct limit_probe_end held(bool cells)
{
	struct limit_probe_end e = { .ready = true, .ran = true, .cells = cells, .why = REASON_MEMORY_LIMIT };

	snprintf(e.build, sizeof(e.build), "%s", CEE_VERSION);
	snprintf(e.out, sizeof(e.out), "processes 29\n");
	snprintf(e.said, sizeof(e.said), "clone: Operation not permitted");
	return e;
}

/* ---- the outcomes ---------------------------------------------------------------------------------------- */

static void cells_work(void)
{
	struct bench t;
	struct limit_probe_end e = held(true);

	to_probe(&t);
	CHECK(probe.stopped == 1); /* those of a test before */
	probe_ends(&e);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "yes") == 0 && !*t.reason && boxes_cells(&t.boxes));
	finish(&t);
}

static void no_cells_here(void)
{
	struct bench t;
	struct limit_probe_end e = held(false);

	to_probe(&t);
	probe_ends(&e);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "no") == 0 && *t.reason && !boxes_cells(&t.boxes));
	finish(&t);
}

/* The box does not come up with cells, but without: that is no reason to run nothing. */
static void only_cells_fail(void)
{
	struct bench t;
	struct limit_probe_end broken = { .ready = true, .how = BOX_DIED, .reason = "its seccomp profile is refused" };
	struct limit_probe_end e = held(false);

	to_probe(&t);
	probe_ends(&broken);
	CHECK(probe.started == 2 && t.done == 0 && !boxes_cells(&t.boxes));
	probe_ends(&e);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "no") == 0 && strstr(t.reason, "seccomp profile is refused"));
	finish(&t);

	to_probe(&t);
	probe_ends(&broken);
	probe_ends(&broken); /* nor without cells */
	CHECK(t.done == 1 && t.fatal && *t.what);
	finish(&t);
}

/* ---- the runtime --------------------------------------------------------------------------------------------- */

static void runtime_auto(void)
{
	struct bench t;
	struct engine_info i = good;

	snprintf(i.runtimes, sizeof(i.runtimes), "crun runc ");
	start(&t);
	CHECK(!t.boxes.runtime); /* the engine's default, as without the key */
	free(t.config.conf.runtime);
	t.config.conf.runtime = strdup("auto");
	boxes_reconfigure(&t.boxes, &t.config);
	CHECK(!t.boxes.runtime);
	CHECK(info(&t, &i) && probe.started == 1);
	CHECK(t.boxes.runtime && strcmp(t.boxes.runtime, "crun") == 0);
	boxes_reconfigure(&t.boxes, &t.config); /* read again: it stays as chosen */
	CHECK(t.boxes.runtime && strcmp(t.boxes.runtime, "crun") == 0);
	finish(&t);
}

/* ---- AppArmor ------------------------------------------------------------------------------------------------ */

static void to_probe_with_apparmor(struct bench *t, const char *apparmor)
{
	struct engine_info i = good;

	i.apparmor = true;
	start(t);
	if (apparmor) {
		free(t->config.conf.apparmor);
		t->config.conf.apparmor = strdup(apparmor);
		boxes_reconfigure(&t->boxes, &t->config);
	}
	CHECK(info(t, &i) && probe.started == 1);
}

/* The profile that a box would be created with now; "" the engine's own. */
static const char *profile(struct bench *t)
{
	struct box_spec s = { .image = "cee/c", .memory = 1 << 28, .disk = 1 << 24 };

	box_new(&t->boxes, &s);
	return t->fake.apparmor;
}

static const struct limit_probe_end not_loaded = {
	.how = BOX_OURS,
	.reason = "unable to apply apparmor profile: write /proc/self/attr/apparmor/exec: no such file or directory"
};

static void profile_of_cee(void)
{
	struct limit_probe_end e = held(true);
	struct bench t;

	to_probe_with_apparmor(&t, NULL);
	CHECK(strcmp(profile(&t), "cee-box") == 0);
	probe_ends(&e);
	CHECK(t.done == 1 && strcmp(t.cells, "yes") == 0 && strcmp(profile(&t), "cee-box") == 0);
	finish(&t);
	to_probe(&t); /* an engine without AppArmor */
	CHECK(strcmp(profile(&t), "") == 0);
	finish(&t);
}

/* At once, without the retries of an engine that fails for a moment. */
static void profile_not_loaded(void)
{
	struct limit_probe_end e = held(false);
	struct bench t;

	to_probe_with_apparmor(&t, NULL);
	probe_ends(&not_loaded);
	CHECK(t.done == 0 && probe.started == 2 && strcmp(profile(&t), "") == 0 && boxes_cells(&t.boxes));
	snprintf(e.said, sizeof(e.said), "cee-init: no cells in this box: no cell: clone: Permission denied");
	probe_ends(&e);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "no") == 0);
	CHECK(strstr(t.reason, "the engine's own AppArmor profile forbids them") && strstr(t.reason, "0.2 s more"));
	CHECK(strstr(t.remedy, "scripts/apparmor-load"));
	CHECK(strcmp(profile(&t), "") == 0);
	finish(&t);
}

/* Who names a profile gets that one or none. */
static void named_profile_not_loaded(void)
{
	struct bench t;

	to_probe_with_apparmor(&t, "mine");
	CHECK(strcmp(profile(&t), "mine") == 0);
	for (int i = 0; i < 6; i++) {
		probe_ends(&not_loaded);
		loop_advance(&t.loop, PAUSE);
		t.fake.info.apparmor = true;
		CHECK(t.done == 0 && fake_ok(&t.fake, ENGINE_INFO) && strcmp(profile(&t), "mine") == 0);
	}
	probe_ends(&not_loaded);
	probe_ends(&not_loaded);
	CHECK(t.done == 1 && t.fatal && strstr(t.what, "apparmor") && strstr(t.remedy, "set apparmor = auto"));
	finish(&t);
	to_probe_with_apparmor(&t, ""); /* the engine's own, by wish */
	CHECK(strcmp(profile(&t), "") == 0);
	finish(&t);
}

/* crun's label is not known to the engine's profile: no program of a box could be ended. */
static void signals_are_denied(void)
{
	struct limit_probe_end e = { .how = BOX_OURS, .reason = "the container's init exited before it said HELLO" };
	struct bench t;

	snprintf(e.said, sizeof(e.said), "cee-init: signals to its own programs are denied: Permission denied");
	to_probe_with_apparmor(&t, NULL);
	for (int i = 0; i < 6; i++) {
		probe_ends(&e);
		loop_advance(&t.loop, PAUSE);
		t.fake.info.apparmor = true;
		fake_ok(&t.fake, ENGINE_INFO);
	}
	probe_ends(&e);
	probe_ends(&e);
	CHECK(t.done == 1 && t.fatal && strstr(t.what, "signals to its own") && strstr(t.remedy, "apparmor-load"));
	finish(&t);
}

static void images(void)
{
	struct bench t;
	struct limit_probe_end missing = { .how = BOX_NO_IMAGE };

	to_probe(&t);
	probe_ends(&missing);
	CHECK(probe.started == 2 && strcmp(probe.image, "cee/py") == 0);
	probe_ends(&missing);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "unknown") == 0 && strstr(t.reason, "cee-lang build"));
	finish(&t);
}

/* Limits that the engine does not keep are worse than no engine. */
static void limits_that_do_not_hold(void)
{
	struct bench t;
	struct limit_probe_end e = held(true);

	snprintf(e.out, sizeof(e.out), "processes 384\nmemory 384\n");
	to_probe(&t);
	probe_ends(&e);
	CHECK(t.done == 1 && t.fatal && strcmp(t.cells, "no") == 0 && *t.what);
	finish(&t);
}

/* Without cells a job's inodes would be unbounded there. */
static void podman_needs_cells(void)
{
	struct bench t;
	struct limit_probe_end e = held(true);

	to_probe(&t);
	t.fake.engine.podman = true;
	probe_ends(&e);
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "yes") == 0);
	finish(&t);
	e = held(false);
	to_probe(&t);
	t.fake.engine.podman = true;
	probe_ends(&e);
	CHECK(t.done == 1 && t.fatal && strstr(t.what, "no bound of inodes"));
	finish(&t);
}

static void no_memory(void)
{
	struct bench t;

	start(&t);
	probe.fails = true;
	CHECK(info(&t, &good));
	CHECK(t.done == 1 && !t.fatal && strcmp(t.cells, "unknown") == 0 && strstr(t.reason, "memory"));
	finish(&t);
}

/* ---- the engine fails ------------------------------------------------------------------------------------- */

static void boxes_fail_for_a_while(void)
{
	struct bench t;
	struct limit_probe_end away = { .how = BOX_AWAY, .reason = "the engine is away" },
			       fails = { .how = BOX_OURS, .reason = "containerd is not running" }, e = held(true);

	to_probe(&t);
	for (int i = 0; i < 20; i++) { /* an engine that is away is waited for, however long */
		probe_ends(&away);
		CHECK(t.done == 0 && probe.started == 1 + i);
		loop_advance(&t.loop, PAUSE);
		CHECK(info(&t, &good) && probe.started == 2 + i);
	}
	for (int i = 0; i < 6; i++) { /* one that answers and fails has so many tries */
		probe_ends(&fails);
		loop_advance(&t.loop, PAUSE);
		CHECK(t.done == 0 && info(&t, &good));
	}
	probe_ends(&e);
	CHECK(t.done == 1 && strcmp(t.cells, "yes") == 0);
	finish(&t);

	to_probe(&t);
	for (int i = 0; i < 6; i++) {
		probe_ends(&fails);
		loop_advance(&t.loop, PAUSE);
		info(&t, &good);
	}
	probe_ends(&fails); /* the tries are over: without cells now, */
	CHECK(t.done == 0 && probe.started == 8 && !boxes_cells(&t.boxes));
	probe_ends(&fails); /* and that fails too */
	CHECK(t.done == 1 && t.fatal && strstr(t.what, "containerd"));
	finish(&t);
}

static void no_description(void)
{
	struct bench t;

	start(&t);
	for (int i = 0; i < 6; i++) {
		CHECK(fake_fail(&t.fake, ENGINE_INFO, ENGINE_REFUSED, "broken") && t.done == 0);
		loop_advance(&t.loop, PAUSE);
	}
	CHECK(fake_fail(&t.fake, ENGINE_INFO, ENGINE_REFUSED, "broken"));
	CHECK(t.done == 1 && t.fatal && strstr(t.what, "GET /info") && strstr(t.what, "broken") && !probe.started);
	finish(&t);
}

/* The test is over with the engine, without a word, and begins anew when it is back. */
static void the_engine_goes(void)
{
	struct bench t;
	struct limit_probe_end away = { .how = BOX_AWAY }, e = held(true);

	start(&t);
	fake_up(&t.fake, false);
	CHECK(fake_fail(&t.fake, ENGINE_INFO, ENGINE_AWAY, "gone") && t.done == 0 && !probe.started);
	fake_up(&t.fake, true);
	self_test_start(&t.test, &t.config);
	CHECK(info(&t, &good));
	fake_up(&t.fake, false);
	probe_ends(&away);
	loop_advance(&t.loop, 100 * PAUSE);
	CHECK(t.done == 0 && probe.started == 1);
	fake_up(&t.fake, true);
	self_test_start(&t.test, &t.config);
	CHECK(probe.stopped == 3 && info(&t, &good));
	probe_ends(&e);
	CHECK(t.done == 1 && strcmp(t.cells, "yes") == 0);
	finish(&t);
}

/* A request that fails under an engine that stays up: no word of its return would come. */
static void one_request_goes(void)
{
	struct bench t;

	start(&t);
	CHECK(fake_fail(&t.fake, ENGINE_INFO, ENGINE_AWAY, "no memory") && t.done == 0 && !probe.started);
	loop_advance(&t.loop, PAUSE);
	CHECK(info(&t, &good) && probe.started == 1);
	finish(&t);
}

static void a_host_that_will_not_do(void)
{
	struct engine_info bad = good;
	struct bench t;

	bad.memory_limit = bad.pids_limit = false;
	snprintf(bad.cgroup_driver, sizeof(bad.cgroup_driver), "none");
	bad.rootless = true;
	start(&t);
	CHECK(info(&t, &bad));
	CHECK(t.done == 1 && t.fatal && !probe.started && strcmp(t.cells, "no") == 0);
	finish(&t);
}

int main(void)
{
	log_off();
	RUN(runtime_auto);
	RUN(cells_work);
	RUN(no_cells_here);
	RUN(only_cells_fail);
	RUN(profile_of_cee);
	RUN(profile_not_loaded);
	RUN(named_profile_not_loaded);
	RUN(signals_are_denied);
	RUN(images);
	RUN(limits_that_do_not_hold);
	RUN(podman_needs_cells);
	RUN(no_memory);
	RUN(boxes_fail_for_a_while);
	RUN(no_description);
	RUN(the_engine_goes);
	RUN(one_request_goes);
	RUN(a_host_that_will_not_do);
	return check_status();
}
