/* engine_client.c - an engine, one request at a time: each call returns when the answer has
 * arrived */
#include "images/engine_client.h"
#include "base/error.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "engine/engine.h"
#include "images/child.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TICK_US = 500000 };

volatile sig_atomic_t engine_interrupted;

static void ticked(struct timer *t)
{
	loop_after(t, TICK_US);
}

static void changed(void *arg, bool up)
{
	(void)arg;
	(void)up;
}

/* Serves the loop until *flag or a signal. */
static bool wait_for(struct engine_client *c, const bool *flag)
{
	while (!*flag && (c->tidying || !engine_interrupted))
		loop_once(&c->loop);
	return *flag;
}

int engine_client_open(struct engine_client *c, const char *host, struct cee_err *err)
{
	const struct engine *en = &c->docker.engine;

	memset(c, 0, sizeof(*c));
	if (loop_init(&c->loop) < 0)
		return cee_fail(err, errno, "epoll: %s", strerror(errno));
	c->open = true;
	timer_init(&c->tick, &c->loop, ticked);
	loop_after(&c->tick, TICK_US);
	if (docker_init(&c->docker, &c->loop, host, changed, NULL, err) == 0) {
		if (!wait_for(c, &en->asked))
			cee_fail(err, EINTR, "interrupted");
		else if (engine_old(en))
			cee_fail(err, EPROTO, "engine: %s", engine_trouble(en));
		else if (!engine_up(en))
			cee_fail(err, ECONNREFUSED,
				 "engine: it does not answer; start it (scripts/engine-start) or set DOCKER_HOST");
		else
			return 0;
	}
	engine_client_close(c);
	return -1;
}

void engine_client_close(struct engine_client *c)
{
	if (!c->open)
		return;
	docker_release(&c->docker);
	loop_timer(&c->tick, 0);
	loop_release(&c->loop);
	c->open = false;
}

/* ---- requests ---------------------------------------------------------------------- */

struct question {
	bool answered;
	enum engine_result result;
	char message[400];
	void (*take)(void *arg, const struct engine_answer *a);
	void *arg;
};

static void answered(void *arg, const struct engine_answer *a)
{
	struct question *q = arg;

	q->answered = true;
	q->result = a->result;
	snprintf(q->message, sizeof(q->message), "%s", a->message);
	if (a->result == ENGINE_OK && q->take)
		q->take(q->arg, a);
}

int engine_client_ask(struct engine_client *c, const struct engine_request *r,
		      void (*take)(void *arg, const struct engine_answer *a), void *arg, struct cee_err *err)
{
	struct question q = { .take = take, .arg = arg };
	struct engine_call *call = engine_ask(&c->docker.engine, r, answered, &q);

	if (!call)
		return cee_fail(err, ENOMEM, "out of memory");
	if (!wait_for(c, &q.answered)) {
		engine_cancel(call);
		return cee_fail(err, EINTR, "interrupted");
	}
	if (q.result == ENGINE_OK)
		return 0;
	cee_fail(err, q.result == ENGINE_MISSING ? ENOENT : EIO, "engine: %s: %s", engine_op_name(r->op), q.message);
	return q.result == ENGINE_MISSING ? 1 : -1;
}

ssize_t engine_client_read_child(void *child, void *bytes, size_t size)
{
	struct child *c = child;
	ssize_t got;

	do
		got = read(c->fd, bytes, size);
	while (got < 0 && errno == EINTR && !engine_interrupted);
	/* a failed child must not look like the end of the data */
	return got == 0 && child_finish(c) < 0 ? -1 : got;
}
