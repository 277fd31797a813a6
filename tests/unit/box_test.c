/* box_test.c - the box's state machine against an engine that the test plays: every transition of its
 * table, each deadline, each failure. Time is held still, so a minute takes none. */
#include "check.h"
#include "steps.h"
#include "fake_engine.h"
#include "runner/box/box.h"
#include "conf/host_port.h"
#include "runner/box/boxes.h"
#include "runner/box/gate.h"
#include "runner/box/gate_config.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000 };

/* A user of one box. */
struct user {
	int ready, frames, ended, gone;
	enum box_end how;
	char reason[400];
	enum frame_type frame;
	struct box *box;
};

struct bench {
	struct loop loop;
	struct fake_engine fake;
	struct config config;
	struct boxes boxes;
	struct user user;
	int gone; /* boxes */
};

static void on_ready(void *arg)
{
	((struct user *)arg)->ready++;
}

static void on_frame(void *arg, const struct frame *f)
{
	struct user *u = arg;

	u->frames++;
	u->frame = f->type;
}

static void on_ended(void *arg, enum box_end how, const char *reason)
{
	struct user *u = arg;

	u->ended++;
	u->how = how;
	snprintf(u->reason, sizeof u->reason, "%s", reason);
}

static void on_gone(void *arg)
{
	((struct user *)arg)->gone++;
}

static void box_gone(void *arg)
{
	((struct bench *)arg)->gone++;
}

static void bench_start(struct bench *t)
{
	*t = (struct bench){ .config = { .conf = { .init = (char *)"/opt/cee-init", .uid_base = 1000, .uid_count = 9 },
					 .seccomp = (char *)"{}" } };
	loop_init(&t->loop);
	loop_hold(&t->loop);
	fake_init(&t->fake, &t->loop, NULL, NULL);
	boxes_init(&t->boxes, &t->loop, &t->fake.engine, &t->config);
	boxes_label(&t->boxes, "/spool", "", "runner");
	boxes_on_gone(&t->boxes, box_gone, t);
}

static void bench_end(struct bench *t)
{
	boxes_release(&t->boxes);
	fake_release(&t->fake);
	loop_release(&t->loop);
}

static struct box *make(struct bench *t)
{
	struct box *b = box_new(&t->boxes, &(struct box_spec){ .image = "cee/c", .memory = 1 << 28, .disk = 1 << 24 });

	if (!b)
		return NULL;
	box_use(b, on_ready, on_frame, on_ended, &t->user);
	b->gone = on_gone;
	return b;
}

/* As far as that state. */
static struct box *make_up_to(struct bench *t, enum box_state s)
{
	struct box *b = make(t);

	if (s >= BOX_ATTACHING)
		fake_ok(&t->fake, ENGINE_CREATE);
	if (s >= BOX_STARTING)
		fake_opened(fake_stream(&t->fake));
	if (s >= BOX_GREETING)
		fake_ok(&t->fake, ENGINE_START);
	if (s >= BOX_RESTING)
		fake_ready(fake_stream(&t->fake));
	if (s == BOX_RESTING)
		box_rest(b);
	if (s == BOX_DOUBTED)
		fake_end(fake_stream(&t->fake), NULL);
	if (s == BOX_REMOVING)
		box_remove(b);
	return b;
}

/* The box has failed so, its container is being removed, and then is gone. */
static bool failed(struct bench *t, struct box *b, enum box_end how, const char *reason)
{
	bool ok = t->user.ended == 1 && t->user.how == how && strstr(t->user.reason, reason) &&
		  b->state == BOX_REMOVING && !b->ready && !b->frame && !b->ended && t->user.gone == 0;

	if (!ok)
		printf("# %d %d \"%s\" %s\n", t->user.ended, t->user.how, t->user.reason, box_state_name(b->state));
	ok &= fake_ok(&t->fake, ENGINE_REMOVE);
	return ok && t->user.gone == 1 && t->gone == 1 && boxes_count(&t->boxes) == 0;
}

/* ---- the way up and down ------------------------------------------------------ */

static void life(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make(&t);
	CHECK(b->state == BOX_CREATING && boxes_coming(&t.boxes) == 1 && b->container[0] == 0);
	CHECK(fake_ok(&t.fake, ENGINE_CREATE) && b->state == BOX_ATTACHING && strcmp(b->container, "c0ffee0001") == 0);
	CHECK(t.fake.asked[ENGINE_START] == 0); /* nothing that init says may be missed */
	fake_opened(fake_stream(&t.fake));
	CHECK(b->state == BOX_STARTING && fake_got(fake_stream(&t.fake), FRAME_HELLO, NULL) == 1);
	CHECK(fake_ok(&t.fake, ENGINE_START) && b->state == BOX_GREETING);
	fake_message(fake_stream(&t.fake), "no cells here");
	fake_hello(fake_stream(&t.fake), FRAME_VERSION, HELLO_CELLS);
	CHECK(b->state == BOX_GREETING && t.user.ready == 0 && b->cells && strcmp(b->build, CEE_VERSION) == 0);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	CHECK(b->state == BOX_READY && t.user.ready == 1 && strcmp(b->said, "no cells here") == 0);
	fake_frame(fake_stream(&t.fake), FRAME_DONE, "\0\0\0\0", 4);
	CHECK(t.user.frames == 1 && t.user.frame == FRAME_DONE);
	box_remove(b);
	CHECK(b->state == BOX_REMOVING && boxes_going(&t.boxes) == 1 && !fake_stream(&t.fake)->attach);
	CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && t.user.gone == 1 && t.gone == 1 && t.user.ended == 0);
	CHECK(boxes_count(&t.boxes) == 0 && t.loop.timers == NULL);
	bench_end(&t);
}

static void automatic(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	t.fake.automatic = true;
	b = make(&t);
	for (int i = 0; i < 10; i++)
		loop_once(&t.loop);
	CHECK(b->state == BOX_READY && t.user.ready == 1 && b->cells);
	box_remove(b);
	loop_once(&t.loop);
	CHECK(t.user.gone == 1);
	bench_end(&t);
}

static void heard_before_started(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_STARTING);
	fake_ready(fake_stream(&t.fake));
	CHECK(b->state == BOX_STARTING && t.user.ready == 0);
	CHECK(fake_ok(&t.fake, ENGINE_START) && b->state == BOX_READY && t.user.ready == 1);
	bench_end(&t);
}

static void between_jobs(void)
{
	struct bench t;
	struct user next = { 0 };
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_RESTING);
	CHECK(b->state == BOX_RESTING && b->deadline.at);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	CHECK(b->state == BOX_READY && !b->deadline.at && t.user.ready == 1); /* said once, at the beginning */
	box_rest(b);
	box_use(b, on_ready, on_frame, on_ended, &next); /* the next job need not wait */
	CHECK(b->state == BOX_READY && !b->deadline.at);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	fake_frame(fake_stream(&t.fake), FRAME_TROUBLE, "x", 1);
	CHECK(b->state == BOX_READY && next.ready == 0 && next.frames == 1 && t.user.frames == 0);
	bench_end(&t);
}

/* ---- deadlines ----------------------------------------------------------------------- */

static void deadlines(void)
{
	static const struct {
		enum box_state state;
		int seconds;
		const char *reason;
	} all[] = {
		{ BOX_ATTACHING, 20, "did not attach" },
		{ BOX_STARTING, 60, "did not start" },
		{ BOX_GREETING, 20, "did not answer" },
		{ BOX_RESTING, 20, "did not get ready for another job" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct bench t;
		struct box *b;

		bench_start(&t);
		b = make_up_to(&t, all[i].state);
		CHECK(b->state == all[i].state);
		loop_advance(&t.loop, all[i].seconds * SECOND - 1);
		CHECK(b->state == all[i].state && t.user.ended == 0);
		loop_advance(&t.loop, 1);
		CHECK(failed(&t, b, BOX_OURS, all[i].reason));
		CHECK(t.loop.timers == NULL); /* no timer outlives its state */
		bench_end(&t);
	}
}

static void ready_for_ever(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_READY);
	CHECK(!b->deadline.at);
	loop_advance(&t.loop, 86400LL * SECOND);
	CHECK(b->state == BOX_READY && t.user.ended == 0);
	bench_end(&t);
}

/* The id may still come: the container is removed then. */
static void create_too_late(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_CREATING);
	loop_advance(&t.loop, 60 * SECOND);
	CHECK(b->state == BOX_REMOVING && t.user.ended == 1 && t.user.how == BOX_OURS);
	loop_advance(&t.loop, 5 * SECOND);
	CHECK(t.fake.asked[ENGINE_REMOVE] == 0 && t.user.gone == 0);
	CHECK(fake_ok(&t.fake, ENGINE_CREATE) && fake_ok(&t.fake, ENGINE_REMOVE) && t.user.gone == 1);
	bench_end(&t);
}

/* ---- failures of the engine ---------------------------------------------------------------- */

static void create_fails(void)
{
	struct bench t;

	for (int away = 0; away < 3; away++) {
		bench_start(&t);
		make(&t);
		CHECK(fake_fail(&t.fake, ENGINE_CREATE,
				away == 2 ? ENGINE_MISSING
				: away	  ? ENGINE_AWAY
					  : ENGINE_REFUSED,
				"because"));
		CHECK(t.user.ended == 1 &&
		      t.user.how == (away == 2 ? BOX_NO_IMAGE
				     : away    ? BOX_AWAY
					       : BOX_OURS) &&
		      strcmp(t.user.reason, "because") == 0);
		CHECK(t.user.gone == 1 && boxes_count(&t.boxes) == 0); /* there is nothing to remove */
		CHECK(t.boxes.create_lost == (away == 1));	       /* the engine may have made it all the same */
		CHECK(t.fake.asked[ENGINE_REMOVE] == 0);
		bench_end(&t);
	}
}

/* A user that hears of the end and then asks to be told when the box is gone: it is, before and after. */
static void ended_asks_for_gone(void *arg, enum box_end how, const char *reason)
{
	struct user *u = arg;

	on_ended(arg, how, reason);
	box_remove_then(u->box, on_gone, u);
}

static void gone_is_heard_after_ended(void)
{
	struct bench t;

	for (enum box_state s = BOX_CREATING; s <= BOX_ATTACHING; s++) {
		bench_start(&t);
		t.user.box = make_up_to(&t, s);
		t.user.box->gone = NULL;
		t.user.box->ended = ended_asks_for_gone;
		if (s == BOX_CREATING)
			CHECK(fake_fail(&t.fake, ENGINE_CREATE, ENGINE_AWAY, "because"));
		else
			fake_end(fake_stream(&t.fake), "because");
		CHECK(t.user.ended == 1 && t.user.gone == (s == BOX_CREATING));
		if (s == BOX_ATTACHING)
			CHECK(fake_ok(&t.fake, ENGINE_REMOVE));
		CHECK(t.user.gone == 1 && boxes_count(&t.boxes) == 0);
		bench_end(&t);
	}
}

static void attach_fails(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_ATTACHING);
	fake_end(fake_stream(&t.fake), "the engine refused the attach");
	CHECK(failed(&t, b, BOX_OURS, "refused the attach"));
	bench_end(&t);

	bench_start(&t);
	b = make(&t);
	t.fake.no_memory = true; /* for the attach; and its removal is tried again */
	CHECK(fake_ok(&t.fake, ENGINE_CREATE) && t.user.ended == 1 && b->state == BOX_REMOVING);
	t.fake.no_memory = false;
	loop_advance(&t.loop, SECOND);
	CHECK(failed(&t, b, BOX_AWAY, "cannot connect"));
	bench_end(&t);
}

static void start_fails(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_STARTING);
	CHECK(fake_fail(&t.fake, ENGINE_START, ENGINE_REFUSED, "no such runtime"));
	CHECK(failed(&t, b, BOX_OURS, "no such runtime"));
	bench_end(&t);

	bench_start(&t); /* its stream ends first: the answer says why */
	b = make_up_to(&t, BOX_STARTING);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(b->state == BOX_STARTING && t.user.ended == 0);
	CHECK(fake_fail(&t.fake, ENGINE_START, ENGINE_REFUSED, "no such runtime"));
	CHECK(failed(&t, b, BOX_OURS, "no such runtime"));
	bench_end(&t);

	bench_start(&t); /* or it was started, and has ended already */
	b = make_up_to(&t, BOX_STARTING);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(fake_ok(&t.fake, ENGINE_START));
	CHECK(failed(&t, b, BOX_OURS, "exited before it said HELLO"));
	bench_end(&t);

	bench_start(&t);
	b = make_up_to(&t, BOX_ATTACHING);
	t.fake.no_memory = true;
	fake_opened(fake_stream(&t.fake));
	CHECK(b->state == BOX_REMOVING && t.user.ended == 1 && strcmp(t.user.reason, "out of memory") == 0);
	bench_end(&t);
}

/* ---- failures of init ------------------------------------------------------------------------ */

static void bad_greetings(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_GREETING);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(failed(&t, b, BOX_OURS, "exited before it said HELLO"));
	bench_end(&t);

	bench_start(&t);
	b = make_up_to(&t, BOX_GREETING);
	fake_hello(fake_stream(&t.fake), FRAME_VERSION, 0);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(failed(&t, b, BOX_OURS, "end of the attached stream"));
	bench_end(&t);

	bench_start(&t);
	b = make_up_to(&t, BOX_GREETING);
	fake_hello(fake_stream(&t.fake), FRAME_VERSION + 1, 0);
	CHECK(failed(&t, b, BOX_OURS, "another version"));
	bench_end(&t);

	bench_start(&t);
	b = make_up_to(&t, BOX_GREETING);
	fake_frame(fake_stream(&t.fake), FRAME_HELLO, "short", 5);
	CHECK(failed(&t, b, BOX_OURS, "malformed frame"));
	bench_end(&t);

	bench_start(&t);
	b = make_up_to(&t, BOX_GREETING);
	fake_frame(fake_stream(&t.fake), FRAME_READY, NULL, 0);
	CHECK(failed(&t, b, BOX_OURS, "did not say HELLO first"));
	bench_end(&t);
}

static void malformed(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_READY);
	attach_output(fake_stream(&t.fake)->attach, (const unsigned char *)"\377\377\377\377\377\377\377\377", 8);
	CHECK(b->state == BOX_DOUBTED && t.user.ended == 0);
	loop_advance(&t.loop, SECOND / 2);
	CHECK(fake_ok(&t.fake, ENGINE_INSPECT));
	CHECK(failed(&t, b, BOX_DIED, "malformed frame"));
	bench_end(&t);
}

/* ---- the stream ends: is it the box or the engine? --------------------------------------------- */

static void doubted(void)
{
	struct bench t;
	struct box *b;

	for (int gone = 0; gone < 2; gone++) { /* the box died; its container may be removed already */
		bench_start(&t);
		b = make_up_to(&t, BOX_DOUBTED);
		CHECK(b->state == BOX_DOUBTED && t.fake.asked[ENGINE_INSPECT] == 0);
		loop_advance(&t.loop, SECOND / 2);
		CHECK(gone ? fake_fail(&t.fake, ENGINE_INSPECT, ENGINE_MISSING, "") : fake_ok(&t.fake, ENGINE_INSPECT));
		CHECK(failed(&t, b, BOX_DIED, "end of the attached stream"));
		bench_end(&t);
	}
	for (int down = 0; down < 2; down++) { /* the engine does not answer, or is known to be away */
		bench_start(&t);
		b = make_up_to(&t, BOX_DOUBTED);
		loop_advance(&t.loop, SECOND / 2);
		if (down)
			fake_up(&t.fake, false);
		CHECK(down ? fake_ok(&t.fake, ENGINE_INSPECT)
			   : fake_fail(&t.fake, ENGINE_INSPECT, ENGINE_AWAY, "no answer"));
		CHECK(failed(&t, b, BOX_OURS, "engine went away"));
		bench_end(&t);
	}
	bench_start(&t); /* its user lets go meanwhile */
	b = make_up_to(&t, BOX_DOUBTED);
	loop_advance(&t.loop, SECOND / 2);
	box_remove(b);
	CHECK(!fake_ok(&t.fake, ENGINE_INSPECT) && fake_ok(&t.fake, ENGINE_REMOVE));
	CHECK(t.user.gone == 1 && t.user.ended == 0);
	bench_end(&t);

	bench_start(&t); /* and in a rest */
	b = make_up_to(&t, BOX_RESTING);
	fake_end(fake_stream(&t.fake), NULL);
	CHECK(b->state == BOX_DOUBTED);
	t.fake.no_memory = true;
	loop_advance(&t.loop, SECOND / 2);
	CHECK(t.user.ended == 1 && strcmp(t.user.reason, "out of memory") == 0);
	bench_end(&t);
}

/* ---- removal -------------------------------------------------------------------------------------- */

static void remove_in_each_state(void)
{
	for (enum box_state s = BOX_CREATING; s <= BOX_DOUBTED; s++) {
		struct bench t;
		struct box *b;

		if (s == BOX_GATING) /* gate_test.c */
			continue;
		bench_start(&t);
		b = make_up_to(&t, s);
		CHECK(b->state == s);
		box_remove(b);
		box_remove(b); /* twice is once */
		CHECK(b->state == BOX_REMOVING && t.user.ended == 0 && boxes_going(&t.boxes) == 1);
		CHECK(!t.fake.streams || !t.fake.streams->attach);
		if (s == BOX_CREATING)
			CHECK(fake_ok(&t.fake, ENGINE_CREATE)); /* its id is needed to remove it */
		CHECK(!fake_ok(&t.fake, ENGINE_START));
		CHECK(fake_ok(&t.fake, ENGINE_REMOVE) && t.user.gone == 1 && t.loop.timers == NULL);
		bench_end(&t);
	}
}

static void remove_again(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = make_up_to(&t, BOX_REMOVING);
	CHECK(fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_BUSY, "removal in progress"));
	loop_advance(&t.loop, 20000);
	CHECK(fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_AWAY, "no answer"));
	loop_advance(&t.loop, 20000);
	CHECK(!fake_waiting(&t.fake, ENGINE_REMOVE));
	loop_advance(&t.loop, SECOND / 2);
	t.fake.no_memory = true;
	CHECK(fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_REFUSED, "trouble"));
	loop_advance(&t.loop, SECOND / 2);
	t.fake.no_memory = false;
	CHECK(b->state == BOX_REMOVING && t.user.gone == 0 && t.fake.asked[ENGINE_REMOVE] == 3);
	loop_advance(&t.loop, SECOND);
	CHECK(fake_waiting(&t.fake, ENGINE_REMOVE));
	loop_advance(&t.loop, 3 * SECOND); /* one removal at a time */
	CHECK(t.fake.asked[ENGINE_REMOVE] == 4);
	CHECK(fake_fail(&t.fake, ENGINE_REMOVE, ENGINE_MISSING, "") && t.user.gone == 1);
	bench_end(&t);
}

static void removed_and_never_made(void)
{
	struct bench t;

	bench_start(&t);
	box_remove(make(&t));
	CHECK(fake_fail(&t.fake, ENGINE_CREATE, ENGINE_AWAY, "no answer"));
	CHECK(t.user.gone == 1 && t.user.ended == 0 && t.fake.asked[ENGINE_REMOVE] == 0);
	bench_end(&t);
}

/* ---- many ------------------------------------------------------------------------------------------- */

static void slots(void)
{
	struct bench t;
	struct box *a, *b;

	bench_start(&t);
	a = make_up_to(&t, BOX_READY);
	b = make_up_to(&t, BOX_READY);
	CHECK(a->slot == 0 && b->slot == 1);
	box_remove(a);
	CHECK(make_up_to(&t, BOX_READY)->slot == 2); /* a uid is free when its box has gone, not before */
	fake_ok(&t.fake, ENGINE_REMOVE);
	CHECK(make_up_to(&t, BOX_READY)->slot == 0 && boxes_have(&t.boxes, b->container));
	bench_end(&t);
}

static void counts(void)
{
	struct counters_boxes rows[BOX_STATE_COUNT];
	struct bench t;
	size_t n;
	int all = 0;

	bench_start(&t);
	make_up_to(&t, BOX_GREETING);
	make_up_to(&t, BOX_RESTING);
	make_up_to(&t, BOX_READY)->idle.state = BOX_KEPT;
	make_up_to(&t, BOX_READY);
	n = boxes_by_state(&t.boxes, rows);
	for (size_t i = 0; i < n; i++) {
		all += rows[i].n;
		if (strcmp(rows[i].state, "idle") == 0)
			CHECK(rows[i].n == 2);
		if (strcmp(rows[i].state, "ready") == 0 || strcmp(rows[i].state, "greeting") == 0)
			CHECK(rows[i].n == 1);
	}
	CHECK(all == 4 && boxes_count(&t.boxes) == 4 && boxes_coming(&t.boxes) == 1);
	bench_end(&t);
}

static void no_memory(void)
{
	struct bench t;

	bench_start(&t);
	t.fake.no_memory = true;
	CHECK(make(&t) == NULL && boxes_count(&t.boxes) == 0);
	bench_end(&t);
}

static struct fake_stream *stream_of(struct bench *t, const char *container)
{
	struct fake_stream *s = t->fake.streams;

	while (s && strcmp(s->container, container) != 0)
		s = s->next;
	return s;
}

/* A box whose gate is slower than itself: ready when the gate opens, and failed when it does not. */
static void waits_for_its_gate(void)
{
	static struct host_port host;
	const struct gate_rules rules = {
		.hosts = &host, .nhosts = 1, .proxy = "", .dns = "", .network = "bridge", .image = "cee/gate"
	};

	host_port_parse(&host, "example.org:443", NULL);
	for (int opens = 0; opens < 2; opens++) {
		char path[] = "/tmp/box_test.XXXXXX", command[64];
		struct bench t;
		struct box *b;

		bench_start(&t);
		CHECK(mkdtemp(path) != NULL);
		boxes_set_layers(&t.boxes, path);
		b = box_new(&t.boxes, &(struct box_spec){ .image = "cee/c", .memory = 1 << 28, .gate = &rules });
		box_use(b, on_ready, on_frame, on_ended, &t.user);
		CHECK(fake_ok(&t.fake, ENGINE_CREATE) && fake_ok(&t.fake, ENGINE_CREATE));
		fake_opened(stream_of(&t, b->gate->container));
		fake_opened(stream_of(&t, b->container));
		CHECK(fake_ok(&t.fake, ENGINE_START) && fake_ok(&t.fake, ENGINE_START));
		fake_ready(stream_of(&t, b->container));
		CHECK(b->state == BOX_GATING && t.user.ready == 0);
		if (opens)
			fake_message(stream_of(&t, b->gate->container), "gate: ready\n");
		else
			fake_end(stream_of(&t, b->gate->container), NULL);
		CHECK(b->state == (opens ? BOX_READY : BOX_REMOVING) && t.user.ready == opens &&
		      t.user.ended == !opens);
		bench_end(&t);
		snprintf(command, sizeof command, "rm -rf '%s'", path);
		CHECK(system(command) == 0);
	}
}

static void two_runners(void)
{
	struct bench a, b;
	struct box *one, *other;

	bench_start(&a);
	bench_start(&b);
	one = make_up_to(&a, BOX_READY);
	other = make_up_to(&b, BOX_GREETING);
	boxes_set_cells(&b.boxes, false);
	CHECK(one->slot == 0 && other->slot == 0 && boxes_cells(&a.boxes) && !boxes_cells(&b.boxes));
	loop_advance(&b.loop, 20 * SECOND);
	CHECK(one->state == BOX_READY && a.user.ended == 0);
	CHECK(failed(&b, other, BOX_OURS, "did not answer"));
	CHECK(boxes_count(&a.boxes) == 1 && a.gone == 0);
	bench_end(&a);
	bench_end(&b);
}

/* The engine's limit is exactly what the job may have beside what is cee's: with cells one process more. */
static void limit_of_processes(void)
{
	struct bench t;
	struct box_spec s = { .image = "cee/c", .memory = 1 << 28, .disk = 1 << 24, .processes = 40 };

	bench_start(&t);
	boxes_set_cells(&t.boxes, true);
	box_new(&t.boxes, &s);
	CHECK(t.fake.processes == 42);
	boxes_set_cells(&t.boxes, false);
	box_new(&t.boxes, &s);
	CHECK(t.fake.processes == 41);
	bench_end(&t);
}

int main(void)
{
	log_off();
	RUN(limit_of_processes);
	RUN(life);
	RUN(automatic);
	RUN(heard_before_started);
	RUN(between_jobs);
	RUN(deadlines);
	RUN(ready_for_ever);
	RUN(create_too_late);
	RUN(create_fails);
	RUN(gone_is_heard_after_ended);
	RUN(attach_fails);
	RUN(start_fails);
	RUN(bad_greetings);
	RUN(malformed);
	RUN(doubted);
	RUN(remove_in_each_state);
	RUN(remove_again);
	RUN(removed_and_never_made);
	RUN(slots);
	RUN(counts);
	RUN(no_memory);
	RUN(waits_for_its_gate);
	RUN(two_runners);
	return check_steps("box", 1u << BOX_GONE) || check_status();
}
