/* compiler.c - the life of one compile box
 *
 *                        ┌─ one compile ─┐
 *     COMING → WARMING → IDLE  ⇄  BUSY ──┘
 *        └────────┴───────┴────────┴──────→ GONE
 *
 *     COMING    the box is being made; it has its own deadlines
 *     WARMING   the resident compiler starts, and must send READY within a minute
 *     IDLE      waits for a compile, for five minutes at most
 *     BUSY      compiles, for the wall time of the compile at most
 *     GONE      the box is removed; a compile under way is answered with NULL
 *
 * A compile box is an ordinary box in which cee-init runs one long job: a resident compiler. It never runs a job's
 * code. It has no owner before its first compile, and keeps its first owner until it is removed, after a number of
 * compiles or an idle time; for owners that share nothing it serves one compile. It never passes from one owner
 * to another.
 *
 * Only enter writes a state: it logs the step, ends the old state's timer and starts the new one's. Every failure
 * here ends in GONE, and the job is then compiled in its own box: no verdict depends on a compile box's health.
 */
#include "runner/compile/compiler.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/state_step.h"
#include "engine/attach.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/request_frames.h"
#include "runner/core/log.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"
#include "wire/resident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	USES = 1000,		/* compiles of one box */
	WALL_SLACK_US = 200000, /* for the transport to the box and back */
	COMPLAINTS = 5,		/* lines of one box's standard error that are logged */
	TEXT_MAX = 300
};

#define TO(s) (1u << COMPILER_##s)
static const struct {
	const char *name;
	int64_t deadline_us; /* 0: none, or that of the compile */
	const char *late;    /* the reason given when it has passed */
	unsigned next;	     /* the states that may follow */
} states[COMPILER_STATE_COUNT] = {
	[COMPILER_COMING] = { "coming", 0, NULL, TO(WARMING) | TO(GONE) },
	[COMPILER_WARMING] = { "warming up", 60000000, "not ready within a minute", TO(IDLE) | TO(GONE) },
	[COMPILER_IDLE] = { "idle", 300000000, "idle timeout", TO(BUSY) | TO(GONE) },
	[COMPILER_BUSY] = { "compiling", 0, "wall time limit", TO(IDLE) | TO(GONE) },
	[COMPILER_GONE] = { "gone", 0, NULL, 0 },
};
#undef TO

static void enter(struct compiler *k, enum compiler_state s, const char *why)
{
	int64_t now = loop_now(k->host->boxes->loop);

	log_event("compiler", "language", k->lang->name, "id", k->box && k->box->container[0] ? k->box->container : "-",
		  "owner", k->work ? k->work->request.owner : NULL, "from", states[k->state].name, "to", states[s].name,
		  "why", why, "uses", s == COMPILER_GONE ? log_number(k->uses) : NULL, "ms",
		  log_number((now - k->since) / 1000), "trouble",
		  state_step("compiler", states[k->state].next, k->state, s) ? NULL : "this step is not in the table",
		  NULL);
	k->state = s;
	k->since = now;
	loop_timer(&k->timer, states[s].deadline_us ? now + states[s].deadline_us : 0);
}

/* ---- the end ---------------------------------------------------------------------------- */

static void compiler_free(void *p)
{
	struct compiler *k = p;

	buf_release(&k->out);
	free(k);
}

static struct compile *take_work(struct compiler *k)
{
	struct compile *c = k->work;

	if (c)
		c->compiler = NULL;
	k->work = NULL;
	return c;
}

/* end: the answer to the compile under way. The host is notified before the answer, whose callee may start a new
 * compile. */
static void leave(struct compiler *k, enum compiler_end how, const char *why, const struct frame_end *end)
{
	struct compile *work;

	if (k->state == COMPILER_GONE)
		return;
	enter(k, COMPILER_GONE, why);
	work = take_work(k);
	if (k->box)
		box_remove(k->box);
	k->box = NULL;
	k->host->gone(k->host->arg, k, how);
	loop_doom(k->host->boxes->loop, compiler_free, k);
	if (work)
		compile_answer(work, end);
}

void compiler_end(struct compiler *k, const char *why)
{
	leave(k, COMPILER_ENDED, why, NULL);
}

void compiler_abandon(struct compiler *k, const char *why)
{
	take_work(k);
	leave(k, COMPILER_ENDED, why, NULL);
}

static void fail(struct compiler *k, const char *why)
{
	leave(k, k->state < COMPILER_IDLE ? COMPILER_NOT_UP : COMPILER_BROKE, why, NULL);
}

static void go_idle(struct compiler *k)
{
	if (k->last || k->uses >= USES || (k->uses && !k->owner[0])) {
		compiler_end(k, "use limit reached");
		return;
	}
	enter(k, COMPILER_IDLE, NULL);
	k->host->idle(k->host->arg, k);
}

/* The callee of the answer may end all compile boxes. */
static void answer_and_rest(struct compiler *k, const struct frame_end *end)
{
	compile_answer(take_work(k), end);
	if (k->state == COMPILER_BUSY)
		go_idle(k);
}

/* ---- to the compiler ------------------------------------------------------------------------ */

static void send_pending(struct compiler *k)
{
	size_t n = k->out.len - k->sent;

	if (n > k->credit)
		n = k->credit;
	if (!n || attach_send(&k->box->attach, FRAME_STDIN, k->out.data + k->sent, n) < 0)
		return;
	k->sent += n;
	k->credit -= n;
	if (k->sent == k->out.len) {
		buf_release(&k->out);
		k->sent = 0;
	}
	attach_flush(&k->box->attach);
}

void compiler_serve(struct compiler *k, struct compile *c)
{
	int64_t wall = c->request.limits->v[LIMIT_WALL];

	k->work = c;
	c->compiler = k;
	c->first = k->uses++ == 0;
	k->number++;
	if (c->request.shares)
		snprintf(k->owner, sizeof(k->owner), "%s", c->request.owner);
	k->last |= !c->request.shares;
	enter(k, COMPILER_BUSY, NULL);
	c->begun = k->since;
	if (wall > 0)
		loop_timer(&k->timer, k->since + wall + WALL_SLACK_US);
	k->out_of_memory = request_frames_add(&k->out, k->number, &c->request) < 0;
	if (k->out_of_memory)
		loop_timer(&k->timer, 1); /* answered from the loop, like every other compile */
	else
		send_pending(k);
}

/* ---- from the compiler -------------------------------------------------------------------------- */

static void take_ready(struct compiler *k, const struct frame *f)
{
	struct resident_ready r;

	if (k->state != COMPILER_WARMING) {
		fail(k, "unexpected READY frame");
	} else if (!resident_unpack_ready(f->data, f->len, &r) || r.version != RESIDENT_VERSION) {
		fail(k, "another version of the protocol: run cee-lang build");
	} else {
		k->host->warm(k->host->arg, k, loop_now(k->host->boxes->loop) - k->box->born);
		go_idle(k);
	}
}

static void take_end(struct compiler *k, const struct frame *f)
{
	struct frame_end end;
	bool first = k->work->first;

	if (!resident_unpack_end(f->data, f->len, k->number, &end) || compile_check_end(k->work, &end)) {
		fail(k, "inconsistent END frame");
		return;
	}
	compile_plausible(k->work, k->box->spec.memory, &end);
	/* This compile is not to blame for memory that earlier compiles left behind: the job's own box decides. */
	if (end.how != END_EXITED) {
		leave(k, COMPILER_ENDED, "the compile exceeded a limit",
		      end.how == END_MEMORY_LIMIT && !first ? NULL : &end);
		return;
	}
	answer_and_rest(k, &end);
}

static void take_trouble(struct compiler *k, const struct frame *f)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)f->len, (const char *)f->data);
	log_event("compiler", "language", k->lang->name, "id", k->box->container, "trouble", text, "remedy",
		  "compiled in the job's own box", NULL);
	answer_and_rest(k, NULL);
}

static void take_work_frame(struct compiler *k, const struct frame *f)
{
	const char *broken = NULL;

	switch ((unsigned)f->type) {
	case FRAME_OUT:
		broken = compile_take_output(k->work, f);
		break;
	case FRAME_GAP:
		broken = compile_take_gap(k->work, f);
		break;
	case FRAME_FILE:
		broken = compile_take_file(k->work, f);
		break;
	case FRAME_DATA:
		broken = compile_take_data(k->work, f);
		break;
	case FRAME_END:
		take_end(k, f);
		break;
	case FRAME_TROUBLE:
		take_trouble(k, f);
		break;
	default:
		broken = "unexpected frame type from the compiler";
	}
	if (broken)
		fail(k, broken);
}

static void compiler_frame(struct compiler *k, const struct frame *f)
{
	if (f->type == FRAME_READY)
		take_ready(k, f);
	else if (k->state != COMPILER_BUSY)
		fail(k, "unexpected frame while idle");
	else
		take_work_frame(k, f);
}

static void take_bytes(struct compiler *k, const unsigned char *p, size_t len)
{
	struct frame f;
	size_t used;

	while (len && k->state != COMPILER_GONE) { /* its memory remains valid until the end of the loop's batch */
		int r = frame_feed(&k->parser, p, len, &used, &f);

		if (r < 0) {
			fail(k, "malformed frame");
			return;
		}
		p += used;
		len -= used;
		if (r > 0)
			compiler_frame(k, &f);
	}
}

/* ---- cee-init around it --------------------------------------------------------------------------- */

/* If the first compile exceeds the memory limit, the job is to blame: no earlier compile used any. */
static void program_ended(struct compiler *k, const struct frame *f)
{
	struct frame_end end;
	bool known = frame_unpack_end(f->data, f->len, &end), memory = known && end.how == END_MEMORY_LIMIT;
	bool answers = k->work && k->work->first && memory;

	if (answers)
		compile_plausible(k->work, k->box->spec.memory, &end);
	leave(k, k->state < COMPILER_IDLE ? COMPILER_NOT_UP : COMPILER_BROKE,
	      memory ? "memory limit exceeded" : "the compiler exited", answers ? &end : NULL);
}

static void log_stderr(struct compiler *k, const struct frame *f)
{
	char text[TEXT_MAX];

	if (k->complaints++ >= COMPLAINTS)
		return;
	snprintf(text, sizeof(text), "%.*s", (int)f->len, (const char *)f->data);
	text[strcspn(text, "\n")] = 0;
	log_event("compiler", "id", k->box->container, "stderr", text, NULL);
}

static void box_frame(void *arg, const struct frame *f)
{
	struct compiler *k = arg;
	uint32_t credit;

	switch ((unsigned)f->type) {
	case FRAME_START:
		break;
	case FRAME_OUT:
		if (f->stream == STREAM_OUT)
			take_bytes(k, f->data, f->len);
		else
			log_stderr(k, f);
		break;
	case FRAME_CREDIT:
		if (frame_unpack_number(f->data, f->len, &credit))
			k->credit += credit;
		send_pending(k);
		break;
	case FRAME_END:
		program_ended(k, f);
		break;
	default: /* DONE, TROUBLE and unexpected types */
		fail(k, "cee-init reported a failure");
	}
}

static void box_ready(void *arg)
{
	struct compiler *k = arg;

	enter(k, COMPILER_WARMING, NULL);
	if (!k->box->cells && boxes_cells(k->host->boxes))
		fail(k, "its box could not build a cell, though this host allows them");
	else if (request_frames_start(&k->box->attach, k->lang, k->limits, k->box->cells) < 0)
		fail(k, "out of memory");
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct compiler *k = arg;
	enum compiler_end end = k->state >= COMPILER_IDLE ? COMPILER_BROKE
				: how == BOX_NO_IMAGE	  ? COMPILER_NO_IMAGE
							  : COMPILER_NOT_UP;

	k->box = NULL;
	leave(k, end, reason, NULL);
}

static void timer_fired(struct timer *t)
{
	struct compiler *k = (struct compiler *)((char *)t - offsetof(struct compiler, timer));
	struct frame_end end;

	if (k->state == COMPILER_WARMING) {
		fail(k, states[k->state].late);
	} else if (k->state == COMPILER_BUSY && !k->out_of_memory && compile_over_time(k->work)) {
		compile_time_end(k->work, k->box->spec.memory, &end);
		leave(k, COMPILER_ENDED, states[k->state].late, &end);
	} else {
		compiler_end(k, k->state == COMPILER_BUSY ? "out of memory" : states[k->state].late);
	}
}

struct compiler *compiler_new(const struct compiler_host *host, const struct lang *lang, const struct limits *limits,
			      const struct box_spec *spec)
{
	struct compiler *k = calloc(1, sizeof(*k));

	if (k)
		k->box = box_new(host->boxes, spec);
	if (!k || !k->box) {
		free(k);
		return NULL;
	}
	k->host = host;
	k->lang = lang;
	k->limits = limits;
	k->since = loop_now(host->boxes->loop);
	timer_init(&k->timer, host->boxes->loop, timer_fired);
	frame_parser_init(&k->parser);
	box_use(k->box, box_ready, box_frame, box_ended, k);
	return k;
}
