/* pool_test.c - src/runner/pool/pool.c with boxes that only the test moves */
#include "runner/pool/pool.h"
#include "base/limit.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/language.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "check.h"
#include "steps.h"
#include "fake_boxes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SECOND = 1000000, IDLE = 10 * SECOND, AGE = 100 * SECOND };

struct bench {
	struct loop loop;
	struct engine engine;
	struct boxes boxes;
	struct config config;
	struct lang langs[2];
	struct pool pool;
	struct box_spec spec;
};

static void lang_make(struct lang *l, char *name)
{
	*l = (struct lang){ .name = name, .image = name, .warm_max = 4 };
	for (int p = 0; p < PHASE_COUNT; p++) {
		limits_init(&l->limits[p]);
		l->limits[p].v[LIMIT_MEMORY] = 64 << 20;
		l->limits[p].v[LIMIT_PROCESSES] = 8;
		l->limits[p].v[LIMIT_DISK] = 1 << 20;
		l->limits[p].v[LIMIT_INODES] = 100;
		l->limits[p].v[LIMIT_OPEN_FILES] = 64;
	}
}

static void bench_start(struct bench *t)
{
	struct conf *c = &t->config.conf;

	*t = (struct bench){ .config.langs.n = 1 };
	loop_init(&t->loop);
	loop_hold(&t->loop);
	t->engine.up = true;
	t->boxes.loop = &t->loop;
	t->boxes.engine = &t->engine;
	t->boxes.cells = true;
	lang_make(&t->langs[0], (char *)"sh");
	lang_make(&t->langs[1], (char *)"c");
	t->config.langs.l = t->langs;
	c->jobs = 2;
	c->warm = 8;
	c->boxes = 10;
	c->box_jobs = 3;
	c->box_idle_us = IDLE;
	c->box_age_us = AGE;
	for (int p = 0; p < PHASE_COUNT; p++) {
		limits_init(&c->dflt[p]);
		limits_init(&c->max[p]);
		for (int i = 0; i < LIMIT_COUNT; i++)
			c->max[p].v[i] = INT64_MAX;
	}
	pool_init(&t->pool, &t->boxes, &t->config, NULL, NULL);
	pool_spec(&t->pool, &t->spec, &t->langs[0], t->langs[0].limits, true);
}

static void bench_end(struct bench *t)
{
	pool_release(&t->pool);
	boxes_end(&t->boxes);
	loop_release(&t->loop);
}

static void no_frame(void *arg, const struct frame *f)
{
	(void)arg;
	(void)f;
}

static void no_end(void *arg, enum box_end how, const char *reason)
{
	(void)arg;
	(void)how;
	(void)reason;
}

/* A job takes a box and its box comes up. */
static struct box *take(struct bench *t, const char *owner, enum box_from *from)
{
	struct box *b = pool_take(&t->pool, &t->spec, owner, from);

	if (b && b->state < BOX_READY)
		box_comes_up(b);
	if (b)
		box_use(b, NULL, no_frame, no_end, t);
	return b;
}

static struct box *give(struct bench *t, const char *owner)
{
	enum box_from from;
	struct box *b = take(t, owner, &from);

	pool_give(&t->pool, b);
	return b;
}

/* One box made ahead, and ready. */
static struct box *ahead(struct bench *t)
{
	t->langs[0].warm_min = 1;
	loop_advance(&t->loop, SECOND);
	pool_refill(&t->pool, 0, 2);
	if (last_box(&t->boxes))
		box_comes_up(last_box(&t->boxes));
	return last_box(&t->boxes);
}

static void cold(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = take(&t, "ann", &from);
	CHECK(b && from == BOX_COLD && b->jobs == 1 && strcmp(b->owner, "ann") == 0);
	CHECK(b->idle.state == BOX_IN_USE);
	no_boxes = true;
	CHECK(!pool_take(&t.pool, &t.spec, "ann", &from));
	t.langs[0].warm_min = 2;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2); /* without memory it tries later */
	CHECK(live_boxes(&t.boxes) == 1 && t.pool.pace.at);
	no_boxes = false;
	bench_end(&t);
}

static void made_ahead(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = ahead(&t);
	CHECK(b && b->idle.state == BOX_AHEAD && !b->owner[0]);
	pool_refill(&t.pool, 0, 2);
	CHECK(live_boxes(&t.boxes) == 1);
	CHECK(take(&t, "ann", &from) == b && from == BOX_WARM && b->idle.state == BOX_IN_USE);
	loop_advance(&t.loop, 2 * AGE);
	CHECK(b->state == BOX_READY); /* the timer ended with the state */
	bench_end(&t);
}

static void taken_on_its_way(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	t.langs[0].warm_min = 1;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2);
	b = last_box(&t.boxes);
	CHECK(take(&t, "ann", &from) == b && from == BOX_COLD);
	bench_end(&t);
}

static void paced(void)
{
	struct bench t;

	bench_start(&t);
	t.langs[0].warm_min = 3;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 0); /* every place is taken */
	CHECK(live_boxes(&t.boxes) == 0);
	pool_refill(&t.pool, 0, 1);
	CHECK(live_boxes(&t.boxes) == 1);
	loop_advance(&t.loop, SECOND); /* one is in the making */
	CHECK(live_boxes(&t.boxes) == 1);
	box_comes_up(last_box(&t.boxes));
	loop_advance(&t.loop, SECOND);
	CHECK(live_boxes(&t.boxes) == 2);
	t.engine.up = false;
	box_comes_up(last_box(&t.boxes));
	loop_advance(&t.loop, SECOND);
	CHECK(live_boxes(&t.boxes) == 2);
	bench_end(&t);
}

static void demand(void)
{
	struct bench t;
	enum box_from from;

	bench_start(&t);
	t.config.conf.share_none = true;
	take(&t, "ann", &from);
	pool_refill(&t.pool, 3, 0);
	CHECK(live_boxes(&t.boxes) == 1 + 3);
	pool_refill(&t.pool, 100, 0);
	CHECK(live_boxes(&t.boxes) == 1 + 4); /* warm_max */
	bench_end(&t);
}

static void too_old(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = ahead(&t);
	loop_advance(&t.loop, AGE - SECOND);
	CHECK(b->state == BOX_READY);
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(b->state == BOX_REMOVING && b->idle.state == BOX_IN_USE);
	CHECK(live_boxes(&t.boxes) == 1); /* another takes its place */
	bench_end(&t);
}

/* An engine that takes longer than box_age to make a box: the box's time begins when it is ready. */
static void made_slowly(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	t.langs[0].warm_min = 1;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2);
	b = last_box(&t.boxes);
	loop_advance(&t.loop, 2 * AGE);
	CHECK(last_box(&t.boxes) == b && b->state < BOX_READY && b->idle.state == BOX_AHEAD);
	box_comes_up(b);
	loop_advance(&t.loop, AGE - SECOND);
	CHECK(b->state == BOX_READY && live_boxes(&t.boxes) == 1);
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(b->state == BOX_REMOVING);
	bench_end(&t);
}

static void kept_for_its_owner(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = give(&t, "ann");
	CHECK(b->idle.state == BOX_KEPT && b->state == BOX_RESTING);
	CHECK(take(&t, "bob", &from) != b && from == BOX_COLD);
	CHECK(take(&t, "ann", &from) == b && from == BOX_SHARED);
	loop_advance(&t.loop, 2 * IDLE);
	CHECK(b->state == BOX_READY);
	pool_give(&t.pool, b);
	loop_advance(&t.loop, IDLE + SECOND);
	CHECK(b->state == BOX_REMOVING && b->idle.state == BOX_IN_USE);
	bench_end(&t);
}

static void last_used_first(void)
{
	struct bench t;
	enum box_from from;
	struct box *a, *b;

	bench_start(&t);
	a = take(&t, "ann", &from);
	b = take(&t, "ann", &from);
	pool_give(&t.pool, b);
	loop_advance(&t.loop, SECOND);
	pool_give(&t.pool, a);
	CHECK(take(&t, "ann", &from) == a);
	bench_end(&t);
}

static void used_up(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = give(&t, "ann");
	take(&t, "ann", &from);
	pool_give(&t.pool, b);
	CHECK(b->idle.state == BOX_KEPT);
	take(&t, "ann", &from);
	pool_give(&t.pool, b);
	CHECK(b->state == BOX_REMOVING); /* box_jobs */
	bench_end(&t);
}

static void not_shared(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	CHECK(give(&t, "anon")->state == BOX_REMOVING);
	CHECK(!pool_shares(&t.pool, "anon") && pool_shares(&t.pool, "ann"));
	t.config.conf.share_none = true;
	CHECK(give(&t, "ann")->state == BOX_REMOVING);
	t.config.conf.share_none = false;
	t.config.conf.box_idle_us = 0;
	CHECK(give(&t, "ann")->state == BOX_REMOVING);
	t.config.conf.box_idle_us = IDLE;
	b = give(&t, "ann");
	CHECK(b->idle.state == BOX_KEPT);
	t.boxes.cells = false;
	CHECK(give(&t, "bob")->state == BOX_REMOVING);
	bench_end(&t);
}

static void unused(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = take(&t, "ann", &from);
	pool_unused(&t.pool, b);
	CHECK(b->idle.state == BOX_KEPT && b->jobs == 0);
	CHECK(take(&t, "ann", &from) == b && from == BOX_WARM);
	box_remove(b);
	pool_unused(&t.pool, b); /* it is on its way out */
	CHECK(b->idle.state == BOX_IN_USE);
	bench_end(&t);
}

static void dies_idle(void)
{
	struct bench t;
	enum box_from from;
	struct box *b;

	bench_start(&t);
	b = give(&t, "ann");
	box_dies(b, BOX_DIED, "killed");
	CHECK(b->idle.state == BOX_IN_USE && !b->idle.timer.at);
	CHECK(take(&t, "ann", &from) != b);
	bench_end(&t);
}

static void fails_ahead(void)
{
	struct bench t;

	bench_start(&t);
	t.langs[0].warm_min = 1;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2);
	box_dies(last_box(&t.boxes), BOX_OURS, "the engine failed");
	pool_refill(&t.pool, 0, 2);
	CHECK(live_boxes(&t.boxes) == 0);
	loop_advance(&t.loop, 2 * SECOND); /* a second later it is tried again */
	CHECK(live_boxes(&t.boxes) == 1);
	box_dies(last_box(&t.boxes), BOX_OURS, "the engine failed");
	loop_advance(&t.loop, 3 * SECOND / 2);
	pool_refill(&t.pool, 0, 2);
	CHECK(live_boxes(&t.boxes) == 0); /* twice as long now */
	loop_advance(&t.loop, SECOND);
	CHECK(live_boxes(&t.boxes) == 1);
	box_dies(last_box(&t.boxes), BOX_NO_IMAGE, "no such image");
	pool_refill(&t.pool, 0, 2);
	loop_advance(&t.loop, 50 * SECOND);
	CHECK(live_boxes(&t.boxes) == 0);
	loop_advance(&t.loop, 15 * SECOND);
	CHECK(live_boxes(&t.boxes) == 1);
	box_comes_up(last_box(&t.boxes)); /* and it begins anew */
	t.engine.up = false;
	box_dies(last_box(&t.boxes), BOX_OURS, "the engine went away");
	t.engine.up = true;
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2);
	CHECK(live_boxes(&t.boxes) == 1); /* that was not the image's fault */
	bench_end(&t);
}

static void unexpected_frame(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = give(&t, "ann");
	box_says(b, FRAME_OUT, STREAM_OUT, "x", 1);
	CHECK(b->state == BOX_REMOVING && b->idle.state == BOX_IN_USE);
	bench_end(&t);
}

static void makes_room(void)
{
	struct bench t;
	enum box_from from;
	struct box *oldest, *b;

	bench_start(&t);
	t.config.conf.boxes = 2;
	oldest = give(&t, "ann");
	loop_advance(&t.loop, SECOND);
	b = give(&t, "bob");
	CHECK(take(&t, "cid", &from));
	CHECK(oldest->state == BOX_REMOVING && b->idle.state == BOX_KEPT);
	bench_end(&t);
}

static void drained(void)
{
	struct bench t;
	enum box_from from;
	struct box *used, *idle;

	bench_start(&t);
	idle = give(&t, "bob");
	used = take(&t, "ann", &from);
	pool_drain(&t.pool);
	CHECK(idle->state == BOX_REMOVING && used->state == BOX_READY);
	bench_end(&t);
}

static void reconfigured(void)
{
	struct bench t;
	enum box_from from;
	struct box *used, *idle;

	bench_start(&t);
	idle = give(&t, "bob");
	used = take(&t, "ann", &from);
	t.config.langs.n = 2;
	t.langs[1].warm_min = 1;
	pool_reconfigure(&t.pool, &t.config);
	CHECK(idle->state == BOX_REMOVING && used->state == BOX_READY);
	pool_give(&t.pool, used);
	CHECK(used->state == BOX_REMOVING); /* made for the configuration before */
	loop_advance(&t.loop, SECOND);
	pool_refill(&t.pool, 0, 2);
	CHECK(last_box(&t.boxes) && strcmp(last_box(&t.boxes)->spec.image, "c") == 0);
	bench_end(&t);
}

static void shapes(void)
{
	struct bench t;
	enum box_from from;
	struct box_spec other;
	struct box *b;

	bench_start(&t);
	b = give(&t, "ann");
	other = t.spec;
	other.memory *= 2;
	CHECK(pool_take(&t.pool, &other, "ann", &from) != b);
	other = t.spec;
	other.disk *= 2; /* the cell's */
	CHECK(pool_take(&t.pool, &other, "ann", &from) == b);
	t.langs[0].ncompile = 1;
	t.langs[0].limits[PHASE_COMPILE].v[LIMIT_MEMORY] = 256 << 20;
	pool_spec(&t.pool, &other, &t.langs[0], t.langs[0].limits, true);
	CHECK(other.memory >= 256 << 20 && other.open_files == 256 && other.processes == 8);
	pool_spec(&t.pool, &other, &t.langs[0], t.langs[0].limits, false);
	CHECK(other.memory < 256 << 20);
	bench_end(&t);
}

static bool elsewhere(const void *arg, const struct lang *lang, const struct limits *limits)
{
	(void)arg;
	return strcmp(lang->name, "c") == 0 && limits->v[LIMIT_MEMORY] == 256 << 20;
}

static void compiled_elsewhere(void)
{
	struct bench t;

	bench_start(&t);
	t.config.langs.n = 2;
	t.langs[1].ncompile = 1;
	t.langs[1].warm_min = 1;
	t.langs[1].limits[PHASE_COMPILE].v[LIMIT_MEMORY] = 256 << 20;
	for (int i = 0; i < 2; i++) {
		pool_release(&t.pool);
		pool_init(&t.pool, &t.boxes, &t.config, i ? elsewhere : NULL, NULL);
		loop_advance(&t.loop, SECOND);
		pool_refill(&t.pool, 0, 2);
		CHECK((last_box(&t.boxes)->spec.memory < 256 << 20) == i);
	}
	bench_end(&t);
}

static void two_pools(void)
{
	struct bench a, b;
	enum box_from from;
	struct box *first;

	bench_start(&a);
	bench_start(&b);
	first = give(&a, "ann");
	CHECK(take(&b, "ann", &from) != first && from == BOX_COLD);
	pool_drain(&b.pool);
	CHECK(first->idle.state == BOX_KEPT);
	bench_end(&b);
	CHECK(take(&a, "ann", &from) == first && from == BOX_SHARED);
	bench_end(&a);
}

int main(void)
{
	log_off();
	RUN(cold);
	RUN(made_ahead);
	RUN(taken_on_its_way);
	RUN(paced);
	RUN(demand);
	RUN(too_old);
	RUN(made_slowly);
	RUN(kept_for_its_owner);
	RUN(last_used_first);
	RUN(used_up);
	RUN(not_shared);
	RUN(unused);
	RUN(dies_idle);
	RUN(fails_ahead);
	RUN(unexpected_frame);
	RUN(makes_room);
	RUN(drained);
	RUN(reconfigured);
	RUN(shapes);
	RUN(compiled_elsewhere);
	RUN(two_pools);
	return check_steps("pool", 0) || check_status();
}
