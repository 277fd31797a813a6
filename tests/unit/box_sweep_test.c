/* box_sweep_test.c - the removal of boxes that a dead runner left, and what images say, against a fake engine */
#include "check.h"
#include "fake_engine.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"
#include "runner/box/image_ids.h"
#include "runner/box/box_sweep.h"
#include "runner/core/config.h"
#include "runner/core/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct config config;
	struct boxes boxes;
	int done, result;
};

static void on_done(void *arg, int result)
{
	struct bench *t = arg;

	t->done++;
	t->result = result;
}

static void bench_start(struct bench *t)
{
	*t = (struct bench){ .config = { .seccomp = (char *)"{}" } };
	t->config.conf.init = (char *)"/opt/cee-init";
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	boxes_init(&t->boxes, &t->loop, &t->fake.engine, &t->config);
	boxes_label(&t->boxes, "/spool", "5.1", "me");
}

static void bench_end(struct bench *t)
{
	boxes_release(&t->boxes);
	fake_release(&t->fake);
	loop_release(&t->loop);
}

static const struct engine_container left[] = { { .id = "aa" }, { .id = "c0ffee0001" }, { .id = "bb" } };

static void nothing_left(void)
{
	struct bench t;

	bench_start(&t);
	boxes_sweep(&t.boxes, "dead", on_done, &t);
	CHECK(t.done == 0 && fake_ok(&t.fake, ENGINE_LIST));
	CHECK(t.done == 1 && t.result == 0 && t.fake.asked[ENGINE_REMOVE] == 0);
	bench_end(&t);
}

/* All but our own, and only an empty list is the end. */
static void removes(void)
{
	struct fake_call *c;
	struct bench t;

	bench_start(&t);
	box_new(&t.boxes, &(struct box_spec){ .image = "i" });
	fake_ok(&t.fake, ENGINE_CREATE);
	t.fake.containers = left;
	t.fake.ncontainers = 3;
	boxes_sweep(&t.boxes, "me", on_done, &t);
	CHECK(fake_ok(&t.fake, ENGINE_LIST) && t.fake.asked[ENGINE_REMOVE] == 2);
	c = fake_waiting(&t.fake, ENGINE_REMOVE);
	CHECK(c && strcmp(c->name, "aa") == 0);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_BUSY, "in progress"));
	CHECK(t.done == 0 && t.fake.asked[ENGINE_LIST] == 1);
	loop_advance(&t.loop, 50000);
	CHECK(fake_ok(&t.fake, ENGINE_LIST) && t.fake.asked[ENGINE_REMOVE] == 4 && t.done == 0);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && fake_ok(&t.fake, ENGINE_REMOVE));
	loop_advance(&t.loop, 50000);
	t.fake.containers = left + 1; /* our own is left */
	t.fake.ncontainers = 1;
	CHECK(fake_ok(&t.fake, ENGINE_LIST) && t.done == 1 && t.result == 0);
	bench_end(&t);
}

static void fails(void)
{
	struct bench t;

	bench_start(&t);
	t.fake.no_memory = true;
	boxes_sweep(&t.boxes, "dead", on_done, &t);
	CHECK(t.done == 1 && t.result == -1);
	bench_end(&t);

	bench_start(&t);
	boxes_sweep(&t.boxes, "dead", on_done, &t);
	CHECK(fake_fail(&t.fake, ENGINE_LIST, ENGINE_AWAY, "no answer") && t.done == 1 && t.result == -1);
	bench_end(&t);

	bench_start(&t);
	t.fake.containers = left;
	t.fake.ncontainers = 3;
	boxes_sweep(&t.boxes, "dead", on_done, &t);
	fake_ok(&t.fake, ENGINE_LIST);
	fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_AWAY, "no answer");
	CHECK(t.done == 0); /* each removal is waited for */
	fake_ok(&t.fake, ENGINE_REMOVE);
	fake_ok(&t.fake, ENGINE_REMOVE);
	CHECK(t.done == 1 && t.result == -1);
	bench_end(&t);

	bench_start(&t); /* something is left, and cannot be asked to be removed */
	t.fake.containers = left;
	t.fake.ncontainers = 3;
	boxes_sweep(&t.boxes, "dead", on_done, &t);
	t.fake.no_memory = true;
	CHECK(fake_ok(&t.fake, ENGINE_LIST) && t.done == 1 && t.result == -1);
	bench_end(&t);
}

static bool lives(void *arg, const char *runner)
{
	(void)arg;
	return strcmp(runner, "alive") == 0;
}

/* A container of a runner that is nowhere any more goes; those of this runner, of living ones and of other spools stay. */
static void forgotten(void)
{
	static const struct engine_label gone[] = { { "cee.runner", "gone" }, { "cee.site", "5.1" } },
					 mine[] = { { "cee.runner", "me" }, { "cee.site", "5.1" } },
					 alive[] = { { "cee.runner", "alive" }, { "cee.site", "5.1" } },
					 other[] = { { "cee.runner", "gone" }, { "cee.site", "5.2" } };
	static const struct engine_container all[] = {
		{ "aa", mine, 2 }, { "bb", alive, 2 }, { "cc", other, 2 }, { "dd", gone, 2 }
	};
	struct fake_call *c;
	struct bench t;

	bench_start(&t);
	t.fake.containers = all;
	t.fake.ncontainers = 4;
	boxes_sweep_forgotten(&t.boxes, lives, NULL);
	boxes_sweep_forgotten(&t.boxes, lives, NULL);
	CHECK(t.fake.asked[ENGINE_LIST] == 1 && t.boxes.forgotten.asked == 1);
	CHECK(fake_ok(&t.fake, ENGINE_LIST) && t.fake.asked[ENGINE_REMOVE] == 1 && t.boxes.forgotten.asked == 1);
	c = fake_waiting(&t.fake, ENGINE_REMOVE);
	CHECK(c && strcmp(c->name, "dd") == 0);
	CHECK(fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_AWAY, "no answer") && t.boxes.forgotten.asked == 0);
	boxes_sweep_forgotten(&t.boxes, lives, NULL);
	CHECK(fake_fail(&t.fake, ENGINE_LIST, ENGINE_AWAY, "no answer") && t.boxes.forgotten.asked == 0);
	bench_end(&t);

	bench_start(&t); /* a file system that does not say when a directory was made */
	boxes_label(&t.boxes, "/spool", "", "me");
	boxes_sweep_forgotten(&t.boxes, lives, NULL);
	CHECK(t.fake.asked[ENGINE_LIST] == 0);
	bench_end(&t);
}

/* ---- images ------------------------------------------------------------------------ */

static char heard[100];
static int hears;
static bool missing;

static void on_id(void *arg, const char *image, const char *id, bool gone)
{
	(void)arg;
	(void)image;
	hears++;
	missing = gone;
	snprintf(heard, sizeof heard, "%s", id ? id : "");
}

static void ids(void)
{
	struct bench t;
	struct image_ids images;

	bench_start(&t);
	image_ids_init(&images, &t.loop, &t.fake.engine, &t.config);
	CHECK(image_ids_get(&images, "cee/c") == NULL);
	CHECK(image_ids_ask(&images, "cee/c", on_id, NULL) && image_ids_ask(&images, "cee/c", on_id, NULL));
	CHECK(t.fake.asked[ENGINE_IMAGE] == 1 && fake_ok(&t.fake, ENGINE_IMAGE)); /* however many want it */
	CHECK(hears == 1 && strcmp(heard, "sha256:1d") == 0 && strcmp(image_ids_get(&images, "cee/c"), heard) == 0);
	loop_advance(&t.loop, 1999999);
	CHECK(image_ids_get(&images, "cee/c") != NULL);
	loop_advance(&t.loop, 1);
	CHECK(image_ids_get(&images, "cee/c") == NULL); /* it may be another by now */
	CHECK(image_ids_ask(&images, "cee/c", on_id, NULL) && fake_fail(&t.fake, ENGINE_IMAGE, ENGINE_MISSING, ""));
	CHECK(hears == 2 && missing && heard[0] == 0 && image_ids_get(&images, "cee/c") == NULL);
	CHECK(image_ids_ask(&images, "cee/c", on_id, NULL) && fake_fail(&t.fake, ENGINE_IMAGE, ENGINE_AWAY, ""));
	CHECK(hears == 3 && !missing && heard[0] == 0);
	t.fake.no_memory = true;
	CHECK(!image_ids_ask(&images, "cee/other", on_id, NULL));
	image_ids_release(&images);
	bench_end(&t);
}

int main(void)
{
	log_off();
	RUN(nothing_left);
	RUN(removes);
	RUN(fails);
	RUN(forgotten);
	RUN(ids);
	return check_status();
}
