/* compiler_test.c - src/runner/compile: compile boxes that only the test moves */
#include "runner/compile/compilers.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/compiler.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "wire/resident.h"
#include "check.h"
#include "steps.h"
#include "fake_boxes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000, MINUTE = 60 * SECOND, COMPILE_MEMORY = 64 << 20 };

struct bench {
	struct loop loop;
	struct engine engine;
	struct boxes boxes;
	struct config config;
	struct lang lang;
	char *command[2], *arguments[2];
	struct limits limits;
	struct job job;
	struct compilers compilers;
};

/* One compile and what came of it. */
struct asked {
	struct bench *bench;
	struct compile *compile;
	int reported;
	bool answered; /* with an END */
	struct frame_end end;
	size_t nproducts;
	char output[100];
	bool drains; /* the callback ends everything */
};

static void bench_start(struct bench *t)
{
	struct conf *c = &t->config.conf;

	memset(t, 0, sizeof *t);
	loop_init(&t->loop);
	loop_hold(&t->loop);
	t->engine.up = true;
	t->boxes.loop = &t->loop;
	t->boxes.engine = &t->engine;
	t->boxes.cells = true;
	t->command[0] = (char *)"/resident";
	t->arguments[0] = (char *)"-O";
	t->lang = (struct lang){ .name = (char *)"cs", .image = (char *)"cee/cs", .file = (char *)"main.cs" };
	t->lang.resident.command = t->command;
	t->lang.resident.ncommand = 1;
	t->lang.resident.arguments = t->arguments;
	t->lang.resident.narguments = 1;
	t->lang.resident.max = 2;
	limits_init(&t->lang.resident.limits);
	for (int p = 0; p < PHASE_COUNT; p++) {
		limits_init(&t->lang.limits[p]);
		limits_init(&c->dflt[p]);
		for (int i = 0; i < LIMIT_COUNT; i++)
			c->max[p].v[i] = INT64_MAX;
		c->dflt[p].v[LIMIT_MEMORY] = COMPILE_MEMORY;
		c->dflt[p].v[LIMIT_PROCESSES] = 10;
		c->dflt[p].v[LIMIT_OPEN_FILES] = 64;
	}
	limits_init(&t->limits);
	t->limits.v[LIMIT_MEMORY] = COMPILE_MEMORY;
	t->limits.v[LIMIT_WALL] = 10 * SECOND;
	t->limits.v[LIMIT_OUTPUT] = 1000;
	t->limits.v[LIMIT_FILE_SIZE] = 5000;
	t->config.langs.l = &t->lang;
	t->config.langs.n = 1;
	t->job = (struct job){ .language = (char *)"cs", .code = (char *)"class A {}", .code_len = 10 };
	compilers_init(&t->compilers, &t->boxes, &t->config);
	loop_advance(&t->loop, SECOND);
}

static void bench_end(struct bench *t)
{
	compilers_release(&t->compilers);
	boxes_end(&t->boxes);
	loop_once(&t->loop); /* releases what is doomed */
	loop_release(&t->loop);
}

static void reported(void *arg, const struct frame_end *end)
{
	struct asked *k = arg;

	k->reported++;
	k->answered = end;
	if (end)
		k->end = *end;
	k->nproducts = k->compile->nproducts;
	snprintf(k->output, sizeof k->output, "%.*s", (int)k->compile->output.len,
		 k->compile->output.data ? k->compile->output.data : "");
	compilers_forget(&k->bench->compilers, k->compile);
	k->compile = NULL;
	if (k->drains)
		compilers_drain(&k->bench->compilers);
}

static bool ask(struct bench *t, const char *owner, bool shares, struct asked *k)
{
	const struct compile_request r = { .lang = &t->lang,
					   .job = &t->job,
					   .limits = &t->limits,
					   .owner = owner,
					   .shares = shares,
					   .done = reported,
					   .arg = k };

	*k = (struct asked){ .bench = t };
	k->compile = compilers_compile(&t->compilers, &r);
	return k->compile;
}

static struct compiler *first(struct bench *t)
{
	return t->compilers.first;
}

/* A frame of the compiler itself, inside one of cee-init's. */
static void says(struct box *b, enum frame_type type, enum frame_stream stream, const void *data, size_t len)
{
	unsigned char *bytes = malloc(FRAME_HEADER + len + 1);

	frame_header(bytes, type, stream, len);
	if (len)
		memcpy(bytes + FRAME_HEADER, data, len);
	box_says(b, FRAME_OUT, STREAM_OUT, bytes, FRAME_HEADER + len);
	free(bytes);
}

static void says_ready(struct box *b, uint32_t version)
{
	const struct resident_ready r = { .version = version, .compiler = "c", .compiler_len = 1 };
	struct payload p;

	resident_pack_ready(&p, &r);
	says(b, FRAME_READY, STREAM_NONE, p.data, p.len);
}

static void says_file(struct box *b, const char *name, uint64_t size)
{
	const struct frame_file f = { .mode = 0755, .size = size, .name = name, .name_len = strlen(name) };
	struct payload p;

	frame_pack_file(&p, &f);
	says(b, FRAME_FILE, STREAM_NONE, p.data, p.len);
}

static void says_end(struct box *b, const struct frame_end *end)
{
	struct payload p;

	frame_pack_end(&p, end);
	says(b, FRAME_END, STREAM_NONE, p.data, p.len);
}

/* A warm compile box. */
static struct box *warm(struct bench *t)
{
	struct asked k;
	struct box *b;

	ask(t, "ann", true, &k);
	b = last_box(&t->boxes);
	box_comes_up(b);
	says_ready(b, RESIDENT_VERSION);
	return b;
}

static bool is_gone(const struct bench *t)
{
	return !t->compilers.first && live_boxes(&t->boxes) == 0;
}

/* ---- the way of one compile ----------------------------------------------------------------------- */

static void compiled(void)
{
	struct bench t;
	struct asked k;
	struct payload p;
	struct box *b;

	bench_start(&t);
	CHECK(!ask(&t, "ann", true, &k)); /* nothing is there, and one is on its way */
	CHECK(first(&t) && first(&t)->state == COMPILER_COMING);
	b = last_box(&t.boxes);
	CHECK(b->spec.memory >= COMPILE_MEMORY + (192 << 20) && b->spec.processes == 10);
	box_comes_up(b);
	CHECK(first(&t)->state == COMPILER_WARMING && box_sent(b, FRAME_ARG, NULL) == 1 &&
	      box_sent(b, FRAME_GO, NULL) == 1);
	loop_advance(&t.loop, SECOND / 2);
	says_ready(b, RESIDENT_VERSION);
	CHECK(first(&t)->state == COMPILER_IDLE && !first(&t)->owner[0]);
	CHECK(ask(&t, "ann", true, &k) && first(&t)->state == COMPILER_BUSY);
	CHECK(strcmp(first(&t)->owner, "ann") == 0 && box_sent(b, FRAME_STDIN, NULL) == 0);
	frame_pack_number(&p, 20);
	box_says(b, FRAME_CREDIT, STREAM_NONE, p.data, p.len);
	frame_pack_number(&p, 4000);
	box_says(b, FRAME_CREDIT, STREAM_NONE, p.data, p.len);
	CHECK(box_sent(b, FRAME_STDIN, NULL) == 2 && first(&t)->out.len == 0);
	loop_advance(&t.loop, SECOND);
	says(b, FRAME_OUT, STREAM_COMPILE, "a warning", 9);
	says_file(b, "a.out", 6);
	says(b, FRAME_DATA, STREAM_NONE, "abc", 3);
	says(b, FRAME_DATA, STREAM_NONE, "def", 3);
	says_end(b, &(struct frame_end){ .phase = 1,
					 .how = END_EXITED,
					 .cpu_us = UINT64_MAX,
					 .wall_us = UINT64_MAX,
					 .peak = UINT64_MAX,
					 .exceeded = UINT64_MAX,
					 .oom_kills = 9 });
	CHECK(k.reported == 1 && k.answered && k.nproducts == 1 && strcmp(k.output, "a warning") == 0);
	CHECK(k.end.phase == PHASE_COMPILE && k.end.wall_us == SECOND && k.end.cpu_us == 64 * SECOND);
	CHECK(k.end.peak == (uint64_t)b->spec.memory && k.end.err_bytes == 9 && k.end.oom_kills == 0);
	CHECK(first(&t)->state == COMPILER_IDLE);
	loop_advance(&t.loop, 20 * SECOND); /* the compile's wall time ended with it */
	CHECK(first(&t)->state == COMPILER_IDLE);
	CHECK(ask(&t, "ann", true, &k));
	says(b, FRAME_OUT, STREAM_COMPILE, "an error", 8);
	says(b, FRAME_GAP, STREAM_COMPILE, "\5\0\0\0\0\0\0\0", 8);
	says_end(b, &(struct frame_end){ .phase = 2, .how = END_EXITED, .status = 1 });
	CHECK(k.answered && k.nproducts == 0 && k.end.status == 1 && k.end.dropped == 5 && k.end.err_bytes == 13);
	CHECK(ask(&t, "ann", true, &k)); /* a gap that no compiler has does not overflow the sum */
	says(b, FRAME_OUT, STREAM_COMPILE, "an error", 8);
	says(b, FRAME_GAP, STREAM_COMPILE, "\377\377\377\377\377\377\377\377", 8);
	says_end(b, &(struct frame_end){ .phase = 3, .how = END_EXITED, .status = 1 });
	CHECK(k.answered && k.end.dropped > 8 && k.end.err_bytes == k.end.dropped + 8);
	bench_end(&t);
}

static void trouble(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	says_file(b, "a.out", 6);
	says(b, FRAME_TROUBLE, STREAM_NONE, "signing", 7);
	CHECK(k.reported == 1 && !k.answered && first(&t)->state == COMPILER_IDLE);
	CHECK(ask(&t, "ann", true, &k)); /* it is ready for the next */
	says_end(b, &(struct frame_end){ .phase = 2, .how = END_EXITED, .status = 1 });
	CHECK(k.answered);
	bench_end(&t);
}

static void drained_by_the_answer(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	k.drains = true;
	says_end(b, &(struct frame_end){ .phase = 1, .how = END_EXITED, .status = 1 });
	CHECK(k.answered && is_gone(&t));
	bench_end(&t);
}

/* ---- it breaks a rule ------------------------------------------------------------------------------- */

static void broken_by(int how)
{
	struct bench t;
	struct asked k;
	struct box *b;
	static char much[6000];

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	memset(much, 'x', sizeof much);
	switch (how) {
	case 0:
		box_says(b, FRAME_OUT, STREAM_OUT, "hello, world", 12);
		break;
	case 1:
		says(b, FRAME_OUT, STREAM_COMPILE, much, 6000);
		break;
	case 2:
		says(b, FRAME_OUT, STREAM_OUT, "x", 1);
		break;
	case 3:
		says(b, FRAME_GAP, STREAM_COMPILE, "\5\0\0\0\0\0\0\0", 8);
		says(b, FRAME_GAP, STREAM_COMPILE, "\5\0\0\0\0\0\0\0", 8);
		break;
	case 4:
		says_file(b, "../a", 1);
		break;
	case 5:
		says_file(b, "a", 5001); /* the limit of one file */
		break;
	case 6:
		says_file(b, "a", 0);
		says_file(b, "a", 0);
		break;
	case 7:
		says_file(b, "a", 2);
		says_file(b, "b", 2); /* the first lacks bytes */
		break;
	case 8:
		says_file(b, "a", 2);
		says(b, FRAME_DATA, STREAM_NONE, "abc", 3);
		break;
	case 9:
		says(b, FRAME_DATA, STREAM_NONE, "abc", 3);
		break;
	case 10: /* a success without a product */
		says_end(b, &(struct frame_end){ .phase = 1, .how = END_EXITED });
		break;
	case 11: /* another compile's */
		says_end(b, &(struct frame_end){ .phase = 0, .how = END_EXITED, .status = 1 });
		break;
	case 12:
		says_end(b, &(struct frame_end){ .phase = 1, .how = END_SIGNALLED, .status = 9 });
		break;
	case 13:
		says_ready(b, RESIDENT_VERSION);
		break;
	case 14:
		says(b, FRAME_START, STREAM_NONE, "\0\0\0\0", 4);
		break;
	case 15:
		for (int i = 0; i <= RESIDENT_PRODUCTS; i++) {
			snprintf(much, 10, "a%d", i);
			says_file(b, much, 0);
		}
		break;
	case 16:
		box_says(b, FRAME_DONE, STREAM_NONE, "\0\0\0\0", 4);
		break;
	case 17:
		box_says(b, FRAME_END, STREAM_NONE, "\0", 1);
		break;
	case 18:
		box_dies(b, BOX_DIED, "killed");
		break;
	case 19: /* a success, but its product lacks bytes */
		says_file(b, "a", 2);
		says_end(b, &(struct frame_end){ .phase = 1, .how = END_EXITED });
		break;
	}
	CHECK(k.reported == 1 && !k.answered && k.nproducts == 0 && is_gone(&t));
	if (k.reported != 1)
		printf("# %d\n", how);
	CHECK(!ask(&t, "ann", true, &k) && first(&t)); /* it had come up: the next one may at once */
	bench_end(&t);
}

static void breaks_a_rule(void)
{
	for (int how = 0; how <= 19; how++)
		broken_by(how);
}

static void speaks_while_idle(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	says(b, FRAME_OUT, STREAM_COMPILE, "x", 1);
	CHECK(is_gone(&t));
	bench_end(&t);
}

static void stderr_is_logged(void)
{
	struct bench t;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	for (int i = 0; i < 10; i++)
		box_says(b, FRAME_OUT, STREAM_ERR, "oh\nno", 5);
	CHECK(first(&t)->state == COMPILER_IDLE);
	bench_end(&t);
}

/* ---- limits --------------------------------------------------------------------------------------------- */

static void wall_time(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	says_file(b, "a", 1);
	loop_advance(&t.loop, 10 * SECOND);
	CHECK(k.reported == 0);
	loop_advance(&t.loop, SECOND);
	CHECK(k.answered && k.end.how == END_WALL_LIMIT && k.end.exceeded == 1u << LIMIT_WALL && k.nproducts == 0);
	CHECK(k.end.wall_us >= 10 * SECOND && is_gone(&t));
	t.limits.v[LIMIT_WALL] = -1;
	warm(&t);
	ask(&t, "ann", true, &k);
	loop_advance(&t.loop, 10 * MINUTE);
	CHECK(k.reported == 0 && first(&t)->state == COMPILER_BUSY);
	bench_end(&t);
	CHECK(k.reported == 1);
}

static void memory(void)
{
	struct bench t;
	struct asked k;
	struct box *b;
	struct payload p;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	says_end(b, &(struct frame_end){ .phase = 1, .how = END_MEMORY_LIMIT, .status = 9 });
	CHECK(k.answered && k.end.how == END_MEMORY_LIMIT && is_gone(&t)); /* its own: it was the first */
	b = warm(&t);
	ask(&t, "ann", true, &k);
	says_end(b, &(struct frame_end){ .phase = 1, .how = END_EXITED, .status = 1 });
	ask(&t, "ann", true, &k);
	says_end(b, &(struct frame_end){ .phase = 2, .how = END_MEMORY_LIMIT, .status = 9 });
	CHECK(k.reported == 1 && !k.answered && is_gone(&t)); /* it may be what others left behind */
	b = warm(&t);
	ask(&t, "ann", true, &k);
	frame_pack_end(&p, &(struct frame_end){ .phase = PHASE_RUN, .how = END_MEMORY_LIMIT, .status = 9 });
	box_says(b, FRAME_END, STREAM_NONE, p.data, p.len); /* as cee-init says it */
	CHECK(k.answered && k.end.how == END_MEMORY_LIMIT && is_gone(&t));
	b = warm(&t);
	ask(&t, "ann", true, &k);
	says_end(b, &(struct frame_end){ .phase = 1, .how = END_CPU_LIMIT, .status = 9 });
	CHECK(k.answered && k.end.how == END_CPU_LIMIT && is_gone(&t));
	bench_end(&t);
}

/* ---- coming up --------------------------------------------------------------------------------------------- */

static void does_not_come_up(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	for (int how = 0; how < 5; how++) {
		ask(&t, "ann", true, &k);
		CHECK(live_boxes(&t.boxes) == 1);
		if (how == 0) {
			box_dies(last_box(&t.boxes), BOX_OURS, "the engine failed");
		} else if (how == 1) {
			box_comes_up(last_box(&t.boxes));
			loop_advance(&t.loop, MINUTE);
		} else if (how == 2) {
			box_comes_up(last_box(&t.boxes));
			says_ready(last_box(&t.boxes), RESIDENT_VERSION + 1);
		} else if (how == 3) {
			last_box(&t.boxes)->cells = false;
			box_comes_up(last_box(&t.boxes));
		} else {
			box_comes_up(last_box(&t.boxes));
			box_dies(last_box(&t.boxes), BOX_NO_IMAGE, "no image");
		}
		CHECK(is_gone(&t));
		ask(&t, "ann", true, &k);
		CHECK(is_gone(&t)); /* not at once again */
		loop_advance(&t.loop, how == 4 ? 299LL * SECOND : (1LL << how) * 2 * SECOND - SECOND);
		ask(&t, "ann", true, &k);
		CHECK(is_gone(&t)); /* the pause doubles */
		loop_advance(&t.loop, 2 * SECOND);
	}
	warm(&t);
	CHECK(first(&t)->state == COMPILER_IDLE);
	bench_end(&t);
}

static void no_memory(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	no_boxes = true;
	CHECK(!ask(&t, "ann", true, &k) && is_gone(&t));
	no_boxes = false;
	t.engine.up = false;
	CHECK(!ask(&t, "ann", true, &k) && is_gone(&t));
	bench_end(&t);
}

/* ---- owners and waiting -------------------------------------------------------------------------------------- */

static void finish(struct box *b, uint64_t number)
{
	says_end(b, &(struct frame_end){ .phase = number, .how = END_EXITED, .status = 1 });
}

static void one_owner_each(void)
{
	struct bench t;
	struct asked ann, bob;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &ann);
	finish(b, 1);
	CHECK(!ask(&t, "bob", true, &bob)); /* it is ann's: another one is started */
	CHECK(live_boxes(&t.boxes) == 2);
	CHECK(ask(&t, "ann", true, &ann) && first(&t)->next->state == COMPILER_BUSY);
	bench_end(&t);
}

static void single_use(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	CHECK(ask(&t, "ann", false, &k) && !first(&t)->owner[0]);
	finish(b, 1);
	CHECK(k.answered && is_gone(&t));
	bench_end(&t);
}

static void used_up(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	for (unsigned i = 1; i <= 1000; i++) {
		ask(&t, "ann", true, &k);
		finish(b, i);
	}
	CHECK(k.answered && is_gone(&t));
	bench_end(&t);
}

static void waits_for_its_own(void)
{
	struct bench t;
	struct asked k, second, third;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	CHECK(ask(&t, "ann", true, &second) && ask(&t, "ann", true, &third));
	finish(b, 1);
	CHECK(k.answered && second.compile->compiler && !third.compile->compiler); /* the one that waited longer */
	loop_advance(&t.loop, SECOND);
	CHECK(third.reported == 1 && !third.answered && second.reported == 0); /* its patience is over */
	finish(b, 2);
	CHECK(second.answered);
	bench_end(&t);
}

static void waits_for_one_that_comes(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	b = warm(&t); /* in no time: the next is expected to be as quick */
	box_dies(b, BOX_DIED, "killed");
	CHECK(!ask(&t, "ann", true, &k));
	CHECK(ask(&t, "ann", true, &k) && !k.compile->compiler);
	b = last_box(&t.boxes);
	box_comes_up(b);
	says_ready(b, RESIDENT_VERSION);
	CHECK(k.compile->compiler == first(&t) && first(&t)->state == COMPILER_BUSY);
	bench_end(&t);
}

static void makes_room(void)
{
	struct bench t;
	struct asked k;
	struct box *b;

	bench_start(&t);
	t.lang.resident.max = 1;
	b = warm(&t);
	ask(&t, "ann", true, &k);
	finish(b, 1);
	ask(&t, "bob", true, &k);
	CHECK(live_boxes(&t.boxes) == 1 && b->state == BOX_READY); /* ann used it just now */
	loop_advance(&t.loop, 6 * SECOND);
	ask(&t, "bob", true, &k);
	CHECK(b->state == BOX_REMOVING && live_boxes(&t.boxes) == 1);
	b = last_box(&t.boxes);
	box_comes_up(b);
	says_ready(b, RESIDENT_VERSION);
	ask(&t, "bob", true, &k);
	loop_advance(&t.loop, 6 * SECOND);
	ask(&t, "ann", true, &(struct asked){ 0 });
	CHECK(b->state == BOX_READY && live_boxes(&t.boxes) == 1); /* not one at work */
	bench_end(&t);
}

static void forgotten(void)
{
	struct bench t;
	struct asked k, second;
	struct box *b;

	bench_start(&t);
	b = warm(&t);
	ask(&t, "ann", true, &k);
	ask(&t, "ann", true, &second);
	compilers_forget(&t.compilers, second.compile); /* one that waits */
	CHECK(first(&t)->state == COMPILER_BUSY && !t.compilers.waiting);
	compilers_forget(&t.compilers, k.compile); /* one at work: its box goes */
	CHECK(b->state == BOX_REMOVING && k.reported == 0 && second.reported == 0);
	compilers_forget(&t.compilers, NULL);
	bench_end(&t);
}

/* ---- keeping, draining, configuration ------------------------------------------------------------------------ */

static void idle_timeout(void)
{
	struct bench t;

	bench_start(&t);
	warm(&t);
	loop_advance(&t.loop, 299LL * SECOND);
	CHECK(first(&t));
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(is_gone(&t));
	bench_end(&t);
}

static void kept_ahead(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	t.lang.resident.min = 1;
	compilers_refill(&t.compilers);
	loop_advance(&t.loop, 10 * SECOND);
	CHECK(is_gone(&t)); /* auto: nobody has asked */
	ask(&t, "ann", true, &k);
	box_comes_up(last_box(&t.boxes));
	says_ready(last_box(&t.boxes), RESIDENT_VERSION);
	ask(&t, "ann", true, &k);
	loop_advance(&t.loop, 5 * SECOND);
	CHECK(live_boxes(&t.boxes) == 1); /* the machine is busy */
	finish(last_box(&t.boxes), 1);
	loop_advance(&t.loop, 5 * SECOND);
	CHECK(live_boxes(&t.boxes) == 2); /* one without an owner, ahead */
	bench_end(&t);
	bench_start(&t);
	t.lang.resident.min = 1;
	t.config.conf.resident = RESIDENT_AHEAD;
	compilers_refill(&t.compilers);
	loop_advance(&t.loop, 2 * SECOND);
	CHECK(live_boxes(&t.boxes) == 1);
	t.config.conf.resident = RESIDENT_NEVER;
	CHECK(!compilers_suit(&t.compilers, &t.lang, &t.limits));
	bench_end(&t);
}

static void ahead_though_busy(void)
{
	struct bench t;
	struct asked k;

	bench_start(&t);
	t.lang.resident.min = 1;
	t.limits.v[LIMIT_WALL] = -1;
	warm(&t);
	ask(&t, "ann", true, &k);
	loop_advance(&t.loop, 14 * SECOND);
	CHECK(live_boxes(&t.boxes) == 1);
	loop_advance(&t.loop, 3 * SECOND); /* it has been wanted for a quarter of a minute */
	CHECK(live_boxes(&t.boxes) == 2);
	bench_end(&t);
}

static void suits(void)
{
	struct bench t;
	struct lang other = { .name = (char *)"sh" };

	bench_start(&t);
	CHECK(compilers_suit(&t.compilers, &t.lang, &t.limits));
	t.limits.v[LIMIT_MEMORY] *= 2;
	CHECK(!compilers_suit(&t.compilers, &t.lang, &t.limits));
	CHECK(!compilers_suit(&t.compilers, &other, &t.limits));
	bench_end(&t);
}

static void drained(void)
{
	struct bench t;
	struct asked k, second;

	bench_start(&t);
	warm(&t);
	ask(&t, "ann", true, &k);
	ask(&t, "ann", true, &second);
	compilers_drain(&t.compilers);
	CHECK(k.reported == 1 && !k.answered && second.reported == 1 && !second.answered && is_gone(&t));
	CHECK(!ask(&t, "ann", true, &k) && is_gone(&t)); /* nothing is started */
	compilers_refill(&t.compilers);
	CHECK(!ask(&t, "ann", true, &k) && live_boxes(&t.boxes) == 1);
	bench_end(&t);
}

static void reconfigured(void)
{
	struct bench t;
	struct asked k, waits;
	struct lang again;
	struct box *busy, *idle;

	bench_start(&t);
	idle = warm(&t);
	ask(&t, "ann", true, &k);
	finish(idle, 1);
	ask(&t, "bob", true, &k);
	busy = last_box(&t.boxes);
	box_comes_up(busy);
	says_ready(busy, RESIDENT_VERSION);
	ask(&t, "bob", true, &k);
	ask(&t, "bob", true, &waits);
	again = t.lang;
	t.config.langs.l = &again;
	compilers_reconfigure(&t.compilers, &t.config);
	CHECK(idle->state == BOX_REMOVING && busy->state == BOX_READY);
	finish(busy, 1);
	CHECK(k.answered && busy->state == BOX_REMOVING); /* it was its last */
	CHECK(waits.reported == 0);
	loop_advance(&t.loop, SECOND);
	CHECK(waits.reported == 1 && !waits.answered);
	CHECK(!compilers_suit(&t.compilers, &t.lang, &t.limits) && compilers_suit(&t.compilers, &again, &t.limits));
	bench_end(&t);
}

static void two_of_them(void)
{
	struct bench a, b;
	struct asked k, other;

	bench_start(&a);
	bench_start(&b);
	warm(&a);
	CHECK(is_gone(&b) && ask(&a, "ann", true, &k) && !ask(&b, "ann", true, &other));
	bench_end(&b);
	CHECK(k.reported == 0 && first(&a)->state == COMPILER_BUSY);
	bench_end(&a);
}

int main(void)
{
	log_off();
	RUN(compiled);
	RUN(trouble);
	RUN(drained_by_the_answer);
	RUN(breaks_a_rule);
	RUN(speaks_while_idle);
	RUN(stderr_is_logged);
	RUN(wall_time);
	RUN(memory);
	RUN(does_not_come_up);
	RUN(no_memory);
	RUN(one_owner_each);
	RUN(single_use);
	RUN(used_up);
	RUN(waits_for_its_own);
	RUN(waits_for_one_that_comes);
	RUN(makes_room);
	RUN(forgotten);
	RUN(idle_timeout);
	RUN(kept_ahead);
	RUN(ahead_though_busy);
	RUN(suits);
	RUN(drained);
	RUN(reconfigured);
	RUN(two_of_them);
	return check_steps("compiler", 1u << COMPILER_GONE) || check_status();
}
