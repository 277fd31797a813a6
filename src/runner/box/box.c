/* box.c - the life of a box
 *
 *     NEW → CREATING → ATTACHING → STARTING → GREETING → READY ⇄ RESTING
 *              │           │           │        │   ↘    ↗ │        │
 *              │           │           │        │   GATING  ├────────┴→ DOUBTED
 *              └───────────┴───────────┴────────┴──────┴────┴────────────┴──────→ REMOVING → GONE
 *
 * states[] is that picture as data, with each state's deadline. Only box_enter writes a state: it logs the step and
 * sets the deadline of the new state, so no timer outlives its state. Every box ends through REMOVING and GONE,
 * whatever happened, and only then is its slot free.
 *
 * The stream is attached before the start, so that no output of init is missed. StdinOnce and AutoRemove end a box
 * with the connection to its standard input: if this process is killed, the engine removes its boxes.
 */
#include "runner/box/box.h"
#include "base/loop.h"
#include "base/testhook.h"
#include "base/text.h"
#include "base/state_step.h"
#include "engine/attach.h"
#include "engine/engine.h"
#include "runner/box/box_limit.h"
#include "runner/box/box_socket.h"
#include "runner/box/boxes.h"
#include "runner/box/container.h"
#include "runner/box/gate.h"
#include "runner/core/log.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEVER_GREETED "the container's init exited before it said HELLO: is it cee-init?"
#define TO(state) (1u << BOX_##state)
enum { AGAIN_BUSY_US = 20000, AGAIN_US = 500000 };

static const struct {
	int64_t deadline_us; /* 0: none */
	const char *late;    /* the failure when the deadline has passed; NULL: see late() */
	unsigned next;	     /* the states that may follow */
} states[BOX_STATE_COUNT] = {
	[BOX_NEW] = { 0, NULL, TO(CREATING) },
	[BOX_CREATING] = { 60000000, "the engine did not create the box within a minute",
			   TO(ATTACHING) | TO(REMOVING) },
	[BOX_ATTACHING] = { 20000000, "the engine did not attach the box within 20 s", TO(STARTING) | TO(REMOVING) },
	[BOX_STARTING] = { 60000000, "the engine did not start the box within a minute", TO(GREETING) | TO(REMOVING) },
	[BOX_GREETING] = { 20000000, "cee-init did not answer within 20 s", TO(READY) | TO(GATING) | TO(REMOVING) },
	[BOX_GATING] = { 0, NULL, TO(READY) | TO(REMOVING) }, /* the gate has deadlines of its own */
	[BOX_RESTING] = { 20000000, "cee-init did not get ready for another job within 20 s",
			  TO(READY) | TO(DOUBTED) | TO(REMOVING) },
	[BOX_READY] = { 0, NULL, TO(RESTING) | TO(DOUBTED) | TO(REMOVING) },
	[BOX_DOUBTED] = { 500000, NULL, TO(REMOVING) },
	[BOX_REMOVING] = { 1000000, NULL, TO(REMOVING) | TO(GONE) },
	[BOX_GONE] = { 0, NULL, 0 },
};

/* Not each new try of a removal, nor the rest after each job, which the job's own lines tell. */
static bool is_logged(enum box_state from, enum box_state to)
{
	return from != to && to != BOX_RESTING && !(from == BOX_RESTING && to == BOX_READY);
}

/* With a deadline other than the state's own; us 0: none. */
static void enter_for(struct box *b, enum box_state s, int64_t us)
{
	struct loop *l = b->boxes->loop;

	if (!state_step("box", states[b->state].next, b->state, s))
		log_event("box", "id", b->container, "trouble", "unexpected change of state", "from",
			  box_state_name(b->state), "to", box_state_name(s), NULL);
	if (is_logged(b->state, s))
		log_event("box", "id", b->container[0] ? b->container : "-", "from", box_state_name(b->state), "to",
			  box_state_name(s), "ms", log_number((loop_now(l) - b->born) / 1000), NULL);
	b->state = s;
	loop_timer(&b->deadline, us ? loop_now(l) + us : 0);
}

static void box_enter(struct box *b, enum box_state s)
{
	enter_for(b, s, states[s].deadline_us);
}

static struct engine_call *ask(struct box *b, enum engine_op op, engine_done *done)
{
	return engine_ask(b->boxes->engine, &(struct engine_request){ .op = op, .name = b->container }, done, b);
}

/* ---- the end -------------------------------------------------------------- */

static void box_free(void *p)
{
	struct box *b = p;

	job_cgroup_close(&b->limit.cgroup);
	box_socket_done(b);
	free(b->doubt);
	free((char *)b->spec.image);
	free(b);
}

static void went(struct box *b)
{
	struct boxes *bs = b->boxes;
	struct box **p = &bs->first;

	box_enter(b, BOX_GONE);
	while (*p != b)
		p = &(*p)->next;
	*p = b->next;
	if (b->gone)
		b->gone(b->arg);
	loop_doom(bs->loop, box_free, b);
	if (bs->gone)
		bs->gone(bs->arg);
}

static void removed(void *arg, const struct engine_answer *a)
{
	struct box *b = arg;

	b->call = NULL;
	if (a->result == ENGINE_OK || a->result == ENGINE_MISSING)
		went(b);
	else /* BUSY: the engine is already removing it */
		enter_for(b, BOX_REMOVING, a->result == ENGINE_BUSY ? AGAIN_BUSY_US : AGAIN_US);
}

static void remove_container(struct box *b)
{
	if (b->call) /* the pending call is the create, whose answer will have the id, or a removal */
		box_enter(b, BOX_REMOVING);
	else if (!b->container[0])
		went(b); /* no container is known; box_sweep.c finds one whose create answer was lost */
	else if (!(b->call = ask(b, ENGINE_REMOVE, removed)))
		box_enter(b, BOX_REMOVING);
}

void box_remove(struct box *b)
{
	b->ready = NULL;
	b->frame = NULL;
	b->ended = NULL;
	if (b->state >= BOX_REMOVING)
		return;
	gate_close(b->gate);
	b->gate = NULL;
	box_limit_rest(b);
	attach_close(&b->attach); /* first: an undrained stream makes the engine hang */
	if (b->call && b->state != BOX_CREATING) {
		engine_forget(b->call);
		b->call = NULL;
	}
	box_enter(b, BOX_REMOVING);
	remove_container(b);
}

void box_remove_then(struct box *b, void (*gone)(void *), void *arg)
{
	if (b->state == BOX_GONE) { /* its gone was called before its ended, to which the caller reacts */
		box_remove(b);
		gone(arg);
		return;
	}
	b->gone = gone;
	b->arg = arg;
	box_remove(b);
}

static void box_failed(struct box *b, enum box_end how, const char *reason)
{
	void (*ended)(void *, enum box_end, const char *) = b->ended;
	void *arg = b->arg;
	char text[400];

	snprintf(text, sizeof(text), "%s", reason);
	log_event("box", "id", b->container, "in", box_state_name(b->state), "trouble", text, NULL);
	box_remove(b);
	if (ended)
		ended(arg, how, text);
}

/* ---- the stream ------------------------------------------------------------- */

static void inspected(void *arg, const struct engine_answer *a)
{
	struct box *b = arg;

	b->call = NULL;
	if (a->result == ENGINE_AWAY || !engine_up(b->boxes->engine))
		box_failed(b, BOX_OURS, "the engine went away under the job");
	else
		box_failed(b, BOX_DIED, b->doubt ? b->doubt : "the box died");
}

static void late(struct timer *t)
{
	struct box *b = (struct box *)((char *)t - offsetof(struct box, deadline));

	if (b->state == BOX_REMOVING)
		remove_container(b);
	else if (b->state != BOX_DOUBTED)
		box_failed(b, BOX_OURS, states[b->state].late);
	else if (!(b->call = ask(b, ENGINE_INSPECT, inspected)))
		box_failed(b, BOX_OURS, "out of memory");
}

static void doubt(struct box *b, const char *reason)
{
	free(b->doubt);
	b->doubt = strdup(reason ? reason : "end of the attached stream");
}

/* reason NULL: the stream has ended. */
static void stream_closed(void *arg, const char *reason)
{
	struct box *b = arg;

	doubt(b, reason);
	if (b->state == BOX_STARTING && b->call)
		return;		     /* a failed start: the answer, which is about to arrive, has the reason */
	if (b->state >= BOX_RESTING) /* an engine that shuts down closes streams before it stops answering: ask later */
		box_enter(b, BOX_DOUBTED);
	else
		box_failed(b, BOX_OURS,
			   !reason && b->state == BOX_GREETING && !b->hello ? NEVER_GREETED
			   : b->doubt					    ? b->doubt
									    : "out of memory");
}

static void take_hello(struct box *b, const struct frame *f)
{
	struct frame_hello h;

	box_socket_done(b);
	b->boxes->by_socket = b->attach.channel.peer;
	if (!frame_unpack_hello(f->data, f->len, &h) || h.version != FRAME_VERSION) {
		box_failed(b, BOX_OURS, "cee-init speaks another version: install the one of this runner");
		return;
	}
	b->hello = true;
	b->cells = h.flags & HELLO_CELLS;
	snprintf(b->build, sizeof(b->build), "%.*s", (int)h.build_len, h.build);
	text_clean(b->build);
	if (b->cells && h.flags >> HELLO_MAKER)
		box_limit_place(b, h.flags >> HELLO_MAKER);
}

/* init's first frames may arrive before the engine's answer to the start. */
static void maybe_ready(struct box *b)
{
	if (b->state == BOX_RESTING) {
		box_enter(b, BOX_READY);
	} else if (b->state == BOX_GREETING && b->greeted && b->gate && b->gate->state != GATE_OPEN) {
		box_enter(b, BOX_GATING);
	} else if ((b->state == BOX_GREETING && b->greeted) || b->state == BOX_GATING) {
		box_enter(b, BOX_READY);
		if (b->ready)
			b->ready(b->arg);
	}
}

static void stream_frame(void *arg, const struct frame *f)
{
	struct box *b = arg;

	if (!b->hello && f->type == FRAME_HELLO) {
		take_hello(b, f);
	} else if (!b->hello) {
		box_failed(b, BOX_OURS, "cee-init did not say HELLO first");
	} else if (f->type == FRAME_READY) {
		b->greeted = true;
		maybe_ready(b);
	} else if (f->type == FRAME_ROOM) {
		box_limit_room(b, f);
	} else if (b->frame) {
		b->frame(b->arg, f);
	}
}

static void stream_message(void *arg, const char *line)
{
	struct box *b = arg;

	log_event("box", "id", b->container, "stderr", line, NULL);
	snprintf(b->said, sizeof(b->said), "%s", line);
	text_clean(b->said);
}

/* ---- from creation to READY ------------------------------------------------------------ */

/* Lets a test stop the runner here; not in the self-test, which runs before any job. */
static void hook(const struct box *b, const char *transition)
{
	if (!b->spec.probe)
		spool_hook(transition);
}

static enum box_end why_failed(const struct engine_answer *a)
{
	return a->result == ENGINE_AWAY ? BOX_AWAY : BOX_OURS;
}

static void started(void *arg, const struct engine_answer *a)
{
	struct box *b = arg;

	b->call = NULL;
	if (a->result != ENGINE_OK) {
		box_failed(b, why_failed(a), a->message);
		return;
	}
	hook(b, "box-started");
	box_enter(b, BOX_GREETING);
	if (b->doubt)
		box_failed(b, BOX_OURS, b->hello ? b->doubt : NEVER_GREETED);
	else
		maybe_ready(b);
}

static void greet(struct box *b)
{
	const struct frame_hello hello = { .version = FRAME_VERSION,
					   .build = CEE_VERSION,
					   .build_len = strlen(CEE_VERSION) };
	struct payload p;

	frame_pack_hello(&p, &hello);
	attach_send(&b->attach, FRAME_HELLO, p.data, p.len);
	attach_flush(&b->attach);
}

static void socket_connected(void *arg)
{
	box_socket_done(arg);
	greet(arg);
}

static void stream_opened(void *arg)
{
	struct box *b = arg;

	greet(b);
	box_enter(b, BOX_STARTING);
	b->call = ask(b, ENGINE_START, started);
	if (!b->call)
		box_failed(b, BOX_OURS, "out of memory");
}

static void attach_box(struct box *b)
{
	b->attach.opened = stream_opened;
	b->attach.connected = socket_connected;
	b->attach.frame = stream_frame;
	b->attach.message = stream_message;
	b->attach.closed = stream_closed;
	b->attach.arg = b;
	box_enter(b, BOX_ATTACHING);
	if (attach_start(&b->attach, b->boxes->engine, b->container) < 0)
		box_failed(b, BOX_AWAY, "cannot connect to the engine");
}

static void created(void *arg, const struct engine_answer *a)
{
	struct box *b = arg;

	b->call = NULL;
	if (a->result == ENGINE_OK)
		snprintf(b->container, sizeof(b->container), "%s", a->id);
	else if (a->result == ENGINE_AWAY)
		b->boxes->create_lost = true;
	if (b->state == BOX_REMOVING) { /* removed while it was being made */
		remove_container(b);
	} else if (a->result == ENGINE_OK) {
		hook(b, "box-created");
		attach_box(b);
	} else {
		box_failed(b, a->result == ENGINE_MISSING ? BOX_NO_IMAGE : why_failed(a), a->message);
	}
}

static void gate_opened(void *arg)
{
	struct box *b = arg;

	if (b->state == BOX_GATING)
		maybe_ready(b);
}

static void gate_failed(void *arg, const char *reason)
{
	struct box *b = arg;

	b->gate = NULL;
	box_failed(b, BOX_OURS, reason);
}

/* The gate and the box are made at the same time; the box is ready when both are. */
static int make(struct box *b, const struct box_spec *spec)
{
	struct box_spec s = *spec;

	s.job_cgroup = b->spec.job_cgroup;
	box_socket_open(b);
	s.socket_folder = b->socket_folder;
	b->spec.image = strdup(spec->image);
	if (!b->spec.image)
		return -1;
	if (spec->gate) {
		b->gate = gate_new(b->boxes, spec->gate, gate_opened, gate_failed, b);
		if (!b->gate)
			return -1;
		s.gate_folder = b->gate->folder;
		s.processes++; /* cee-init's relay */
	}
	b->call = container_create(b->boxes, &s, b->slot, created, b);
	return b->call ? 0 : -1;
}

struct box *box_new(struct boxes *bs, const struct box_spec *spec)
{
	struct box *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->boxes = bs;
	b->slot = boxes_free_slot(bs);
	b->born = loop_now(bs->loop);
	timer_init(&b->deadline, bs->loop, late);
	b->spec = *spec;
	b->spec.job_cgroup &= bs->cells && !bs->config->conf.job_cgroups_never;
	job_cgroup_init(&b->limit.cgroup);
	b->spec.gate = NULL; /* the caller's, as these are */
	b->spec.writable = b->spec.index = b->spec.authorities = NULL;
	b->next = bs->first; /* before the gate takes a slot */
	bs->first = b;
	if (make(b, spec) < 0) {
		bs->first = b->next;
		gate_close(b->gate);
		box_free(b);
		return NULL;
	}
	box_enter(b, BOX_CREATING);
	return b;
}

/* ---- between jobs -------------------------------------------------------------- */

void box_use(struct box *b, void (*ready)(void *), void (*frame)(void *, const struct frame *),
	     void (*ended)(void *, enum box_end, const char *), void *arg)
{
	b->ready = ready;
	b->frame = frame;
	b->ended = ended;
	b->arg = arg;
	if (b->state ==
	    BOX_RESTING) /* init reads the next job after it has cleaned up, so the job's frames may be sent now */
		box_enter(b, BOX_READY);
}

void box_rest(struct box *b)
{
	box_limit_rest(b);
	if (b->state == BOX_READY)
		box_enter(b, BOX_RESTING);
}
