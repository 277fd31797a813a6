/* fake_engine.h - an engine for unit tests: the test answers, when and as it likes
 *
 * Requests wait until the test answers them:
 *
 *     fake_init(&f, &loop, changed, arg);         up, unless the test says otherwise (fake_up)
 *     fake_ok(&f, ENGINE_CREATE)                  answers the oldest one; false: there is none
 *     fake_fail(&f, ENGINE_START, ENGINE_REFUSED, "no such runtime")
 *     s = fake_stream(&f);                        the stream of the last attach_start
 *     fake_opened(s); fake_ready(s); fake_frame(s, FRAME_DONE, …); fake_message(s, "…"); fake_end(s, "…");
 *     fake_got(s, FRAME_JOB)                      so many of these were sent to init
 *
 * With automatic set, whatever is asked is answered with success in the next round of the loop, and init
 * says HELLO and READY by itself.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "engine/attach.h"
#include "engine/container_spec.h"
#include "engine/engine.h"
#include "engine/engine_info.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_call {
	struct engine_call call; /* first */
	char name[200];
	struct fake_call *next;
};

struct fake_stream {
	struct attach *attach; /* NULL: closed */
	char container[ENGINE_ID_MAX];
	bool opened;
	struct buf sent; /* to init */
	struct fake_stream *next;
};

struct fake_engine {
	struct engine engine;	     /* first */
	struct fake_call *calls;     /* the oldest first */
	struct fake_stream *streams; /* the youngest first */
	int asked[ENGINE_OP_COUNT];
	unsigned created;
	/* of the last create */
	int64_t processes;
	char apparmor[64], runtime[64]; /* "" none */
	bool automatic;
	bool no_memory; /* engine_ask and attach_start fail */
	bool no_cells;	/* init says that it cannot build them */
	struct timer timer;
	struct engine_info info;
	struct engine_image image;
	const struct engine_container *containers; /* of each list */
	size_t ncontainers;
};

/* ---- what is asked --------------------------------------------------------------- */

static inline struct engine_call *fake_ask(struct engine *en, const struct engine_request *r, engine_done *done,
					   void *arg)
{
	struct fake_engine *f = (struct fake_engine *)en;
	struct fake_call *c = f->no_memory ? NULL : calloc(1, sizeof *c), **p = &f->calls;

	if (!c)
		return NULL;
	c->call = (struct engine_call){ .engine = en, .op = r->op, .done = done, .arg = arg };
	snprintf(c->name, sizeof c->name, "%s", r->name ? r->name : "");
	while (*p)
		p = &(*p)->next;
	*p = c;
	f->asked[r->op]++;
	if (r->container) {
		f->processes = r->container->processes;
		snprintf(f->apparmor, sizeof f->apparmor, "%s", r->container->apparmor ? r->container->apparmor : "");
		snprintf(f->runtime, sizeof f->runtime, "%s", r->container->runtime ? r->container->runtime : "");
	}
	if (f->automatic)
		loop_after(&f->timer, 0);
	return &c->call;
}

static inline void fake_unlink(struct fake_engine *f, struct fake_call *c)
{
	struct fake_call **p = &f->calls;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
}

static inline void fake_cancel(struct engine_call *call)
{
	fake_unlink((struct fake_engine *)call->engine, (struct fake_call *)call);
	free(call);
}

/* The oldest request of that kind whose answer is wanted, or NULL. */
static inline struct fake_call *fake_waiting(struct fake_engine *f, enum engine_op op)
{
	struct fake_call *c = f->calls;

	while (c && (c->call.op != op || !c->call.done))
		c = c->next;
	return c;
}

static inline void fake_answer(struct fake_engine *f, struct fake_call *c, const struct engine_answer *a)
{
	fake_unlink(f, c);
	f->engine.errors += a->result == ENGINE_AWAY;
	if (c->call.done)
		c->call.done(c->call.arg, a);
	free(c);
}

static inline bool fake_fail(struct fake_engine *f, enum engine_op op, enum engine_result result, const char *message)
{
	struct fake_call *c = fake_waiting(f, op);

	if (c)
		fake_answer(f, c, &(struct engine_answer){ .result = result, .message = message });
	return c != NULL;
}

static inline void fake_succeed(struct fake_engine *f, struct fake_call *c)
{
	char id[16];

	snprintf(id, sizeof id, "c0ffee%04x", c->call.op == ENGINE_CREATE ? ++f->created : 0);
	fake_answer(f, c,
		    &(struct engine_answer){ .message = "",
					     .id = id,
					     .info = &f->info,
					     .image = &f->image,
					     .containers = f->containers,
					     .ncontainers = f->ncontainers,
					     .data = "" });
}

static inline bool fake_ok(struct fake_engine *f, enum engine_op op)
{
	struct fake_call *c = fake_waiting(f, op);

	if (c)
		fake_succeed(f, c);
	return c != NULL;
}

/* ---- streams --------------------------------------------------------------------------- */

static inline int fake_attach(struct engine *en, struct attach *a, const char *container)
{
	struct fake_engine *f = (struct fake_engine *)en;
	struct fake_stream *s = f->no_memory ? NULL : calloc(1, sizeof *s);

	if (!s) {
		errno = ENOMEM;
		return -1;
	}
	s->attach = a;
	snprintf(s->container, sizeof s->container, "%s", container);
	s->next = f->streams;
	f->streams = s;
	a->stream = s;
	if (f->automatic)
		loop_after(&f->timer, 0);
	return 0;
}

static inline void fake_flush(struct attach *a)
{
	struct fake_stream *s = a->stream;

	buf_add(&s->sent, a->out.data + a->out_sent, a->out.len - a->out_sent);
	attach_sent(a, a->out.len - a->out_sent);
}

static inline void fake_close(struct attach *a)
{
	struct fake_stream *s = a->stream;

	s->attach = NULL;
	a->stream = NULL;
}

/* Of the last attach_start, open or not; NULL: there was none. */
static inline struct fake_stream *fake_stream(const struct fake_engine *f)
{
	return f->streams;
}

static inline void fake_opened(struct fake_stream *s)
{
	s->opened = true;
	s->attach->opened(s->attach->arg);
}

static inline void fake_stream_frame(struct fake_stream *s, enum frame_type type, enum frame_stream stream,
				     const void *data, size_t len)
{
	unsigned char head[FRAME_HEADER];
	AUTO_BUF struct buf b = { 0 };

	if (!s->attach)
		return;
	frame_header(head, type, stream, len);
	buf_add(&b, head, sizeof head);
	if (len)
		buf_add(&b, data, len);
	attach_output(s->attach, (const unsigned char *)b.data, b.len);
}

static inline void fake_frame(struct fake_stream *s, enum frame_type type, const void *data, size_t len)
{
	fake_stream_frame(s, type, STREAM_NONE, data, len);
}

static inline void fake_hello(struct fake_stream *s, uint32_t version, uint32_t flags)
{
	const struct frame_hello h = {
		.version = version, .flags = flags, .build = CEE_VERSION, .build_len = strlen(CEE_VERSION)
	};
	struct payload p;

	frame_pack_hello(&p, &h);
	fake_frame(s, FRAME_HELLO, p.data, p.len);
}

/* HELLO and READY, as cee-init says them. */
static inline void fake_ready(struct fake_stream *s)
{
	fake_hello(s, FRAME_VERSION, HELLO_CELLS);
	fake_frame(s, FRAME_READY, NULL, 0);
}

static inline void fake_message(struct fake_stream *s, const char *line)
{
	if (s->attach)
		attach_error_text(s->attach, (const unsigned char *)line, strlen(line));
}

/* reason NULL: it ends, as when the container does. */
static inline void fake_end(struct fake_stream *s, const char *reason)
{
	if (s->attach)
		attach_ended(s->attach, reason);
}

/* How many frames of that type were sent to init; the last one's payload in *data, if that is given. */
static inline int fake_got(const struct fake_stream *s, enum frame_type type, struct buf *data)
{
	struct frame_parser *parser = malloc(sizeof *parser);
	const char *p = s->sent.data;
	size_t len = s->sent.len, used;
	struct frame f;
	int n = 0;

	frame_parser_init(parser);
	for (; len; p += used, len -= used) {
		if (frame_feed(parser, p, len, &used, &f) <= 0 || f.type != type)
			continue;
		n++;
		if (data) {
			buf_release(data);
			buf_add(data, f.data, f.len);
		}
	}
	free(parser);
	return n;
}

/* ---- life -------------------------------------------------------------------------------- */

/* One round of an automatic engine. */
static inline void fake_round(struct timer *t)
{
	struct fake_engine *f = (struct fake_engine *)((char *)t - offsetof(struct fake_engine, timer));
	struct fake_call *c = f->calls;

	for (struct fake_stream *s = f->streams; s; s = s->next)
		if (s->attach && !s->opened)
			fake_opened(s);
	if (c) {
		char name[sizeof c->name];
		bool start = c->call.op == ENGINE_START;

		snprintf(name, sizeof name, "%s", c->name);
		fake_succeed(f, c);
		for (struct fake_stream *s = f->streams; start && s; s = s->next)
			if (s->attach && strcmp(s->container, name) == 0) {
				fake_hello(s, FRAME_VERSION, f->no_cells ? 0 : HELLO_CELLS);
				fake_frame(s, FRAME_READY, NULL, 0);
			}
	}
	if (f->calls)
		loop_after(&f->timer, 0);
}

/* The engine comes, or goes; streams stay until the test ends them. */
static inline void fake_up(struct fake_engine *f, bool up)
{
	snprintf(f->engine.api, sizeof f->engine.api, "1.43");
	engine_set_up(&f->engine, up, false, up ? "" : "the fake engine is away");
}

static inline void fake_nothing(void *arg, bool up)
{
	(void)arg;
	(void)up;
}

/* changed may be NULL. */
static inline void fake_init(struct fake_engine *f, struct loop *l, void (*changed)(void *, bool), void *arg)
{
	static const struct engine_ops ops = { .ask = fake_ask,
					       .cancel = fake_cancel,
					       .attach = fake_attach,
					       .attach_flush = fake_flush,
					       .attach_close = fake_close };

	*f = (struct fake_engine){
		.engine = { .ops = &ops, .loop = l, .changed = changed ? changed : fake_nothing, .arg = arg },
		.image = { .id = "sha256:1d", .size = 1 << 20, .named = true },
	};
	timer_init(&f->timer, l, fake_round);
	fake_up(f, true);
}

static inline void fake_release(struct fake_engine *f)
{
	loop_timer(&f->timer, 0);
	while (f->calls) {
		struct fake_call *c = f->calls;

		f->calls = c->next;
		free(c);
	}
	while (f->streams) {
		struct fake_stream *s = f->streams;

		f->streams = s->next;
		buf_release(&s->sent);
		free(s);
	}
}
#endif
