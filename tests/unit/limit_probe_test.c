/* limit_probe_test - what a probe reports of a box without cells: the reason, also when it comes after READY */
#include "base/loop.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/host/limit_probe.h"
#include "check.h"
#include "fake_engine.h"

#include <stdbool.h>
#include <string.h>

enum { LOOK = 50000 };

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct config config;
	struct boxes boxes;
	struct limit_probes probes;
	int done;
	struct limit_probe_end end;
};

static void on_done(void *arg, const struct limit_probe_end *e)
{
	struct bench *t = arg;

	t->done++;
	t->end = *e;
}

/* A box has come up that has no cells. */
static void start(struct bench *t)
{
	*t = (struct bench){ .config = { .conf = { .init = (char *)"/opt/cee-init", .uid_base = 1000, .uid_count = 9 },
					 .seccomp = (char *)"{}" } };
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	boxes_init(&t->boxes, &t->loop, &t->fake.engine, &t->config);
	boxes_set_cells(&t->boxes, true);
	limit_probes_init(&t->probes, &t->boxes);
	CHECK(limit_probe_start(&t->probes, &limit_probe_bounds, "cee/c", on_done, t) == 0);
	fake_ok(&t->fake, ENGINE_CREATE);
	fake_opened(fake_stream(&t->fake));
	fake_ok(&t->fake, ENGINE_START);
	fake_hello(fake_stream(&t->fake), FRAME_VERSION, 0);
	fake_frame(fake_stream(&t->fake), FRAME_READY, NULL, 0);
}

static void finish(struct bench *t)
{
	limit_probes_stop(&t->probes);
	boxes_release(&t->boxes);
	fake_release(&t->fake);
	loop_release(&t->loop);
}

static void reason_after_ready(void)
{
	struct bench t;

	start(&t);
	CHECK(t.done == 0 && !fake_waiting(&t.fake, ENGINE_REMOVE));
	fake_message(fake_stream(&t.fake), "cee-init: no cells in this box: no cell: clone: Permission denied\n");
	loop_advance(&t.loop, LOOK);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && t.done == 1);
	CHECK(t.end.ready && !t.end.cells && !t.end.ran && strstr(t.end.said, "clone: Permission denied"));
	CHECK(strstr(t.end.reason, "clone: Permission denied"));
	finish(&t);
}

static void no_reason(void)
{
	struct bench t;
	int looks = 0;

	start(&t);
	while (!fake_waiting(&t.fake, ENGINE_REMOVE) && looks++ < 200)
		loop_advance(&t.loop, LOOK);
	CHECK(looks > 20 && looks < 100);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && t.done == 1 && strstr(t.end.reason, "could not build a cell"));
	finish(&t);
}

int main(void)
{
	log_off();
	RUN(reason_after_ready);
	RUN(no_reason);
	return check_status();
}
