/* self_test_test - the runner's check at its start: each outcome, each failure of the engine, each retry
 *
 * The probes are the test's own (WRAPPED in the Makefile), the engine is fake_engine.h, the clock stands still.
 */
#include "base/loop.h"
#include "engine/engine_info.h"
#include "job/languages.h"
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
	char what[600], cells[16], reason[600];
};

static void on_done(void *arg, const struct finding *fatal, const char *cells, const char *reason)
{
	struct bench *t = arg;

	t->done++;
	t->fatal = fatal != NULL;
	snprintf(t->what, sizeof(t->what), "%s", fatal ? fatal->what : "");
	snprintf(t->cells, sizeof(t->cells), "%s", cells);
	snprintf(t->reason, sizeof(t->reason), "%s", reason ? reason : "");
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
	RUN(cells_work);
	RUN(no_cells_here);
	RUN(only_cells_fail);
	RUN(images);
	RUN(limits_that_do_not_hold);
	RUN(no_memory);
	RUN(boxes_fail_for_a_while);
	RUN(no_description);
	RUN(the_engine_goes);
	RUN(a_host_that_will_not_do);
	return check_status();
}
