/* task_state.c - reads a task: its state, its job, its result, its output */
#include "http/task_state.h"
#include "base/buf.h"
#include "base/error.h"
#include "cli/client.h"
#include "http/answer.h"
#include "http/request.h"
#include "job/job.h"
#include "job/reasons.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { FIND_TRIES = 3 };

void task_release(struct task *t)
{
	int err = errno;

	buf_release(&t->text);
	if (t->ended)
		result_release(&t->result);
	if (t->job == &t->own)
		job_release(&t->own);
	buf_release(&t->out);
	buf_release(&t->err);
	buf_release(&t->compile);
	errno = err;
}

/* A task of which a part could not be read for want of memory must not look like one without that part. */
static int checked(struct request *rq, int r)
{
	if (r < 0 && errno == ENOMEM)
		answer_die(rq);
	return r;
}

/* A job that moves between the two lookups because it ends is looked up again. */
int task_find(struct request *rq, struct task *t, struct cee_err *e)
{
	struct client *c = &rq->client;
	struct spool_where where;

	for (int tries = 0; tries < FIND_TRIES; tries++) {
		if (spool_read_result(&c->spool, c->owner, t->id, &t->text) == 0) {
			if (checked(rq, result_parse(&t->result, t->text.data, t->text.len, e)) < 0)
				return cee_fail(e, EIO, "%s: its result cannot be read", t->id);
			t->ended = true;
			t->state = reason_state[t->result.why];
			t->attempt = t->result.attempt;
			return 0;
		}
		if (errno != ENOENT || spool_find(&c->spool, c->owner, t->id, &where, e) < 0)
			return checked(rq, -1);
		t->state = where.state;
		t->attempt = where.attempt;
		if (where.state != STATE_FINISHED)
			return 0;
	}
	return cee_fail(e, ENOENT, "there is no such task");
}

int task_job_text(struct request *rq, const struct task *t, struct buf *text)
{
	size_t max = (size_t)rq->client.conf.max_job;

	return (t->ended ? spool_read_ended_job : spool_read_job)(&rq->client.spool, rq->client.owner, t->id, max,
								  text);
}

void task_read_job(struct request *rq, struct task *t)
{
	AUTO_BUF struct buf text = { 0 };

	if (!t->job && checked(rq, task_job_text(rq, t, &text)) == 0 &&
	    checked(rq, job_parse(&t->own, text.data ? text.data : "", text.len, NULL)) == 0)
		t->job = &t->own;
}

/* ---- output --------------------------------------------------------------------- */

struct reading {
	struct task *t;
	struct task_room *room, left;
	bool full_out, full_err; /* the line that reports the missing output was added */
};

/* A line of its own, whatever was written before it. */
static int put_mark(struct buf *b, const char *text)
{
	const char *newline = b->len > 0 && b->data[b->len - 1] != '\n' ? "\n" : "";

	return buf_printf(b, "%s[%s]\n", newline, text);
}

static int take_data(struct reading *g, struct buf *b, const struct follow_item *it)
{
	bool out = it->rec.stream == STREAM_OUT, *full = out ? &g->full_out : &g->full_err;
	size_t *left = out ? &g->left.out : &g->left.err, n = it->len < *left ? it->len : *left;

	*left -= n;
	if (buf_add(b, it->data, n) < 0)
		return -1;
	if (n == it->len || *full)
		return 0;
	*full = g->t->cut = true;
	return put_mark(b, g->room->rest ? g->room->rest
			   : out	 ? "cut here: all of it is at /stdout of this task"
					 : "cut here: all of it is at /stderr of this task");
}

static int take_item(void *arg, const struct follow_item *it)
{
	struct reading *g = arg;
	struct task *t = g->t;
	struct buf *b = it->rec.stream == STREAM_OUT ? &t->out : it->rec.stream == STREAM_ERR ? &t->err : &t->compile;
	char text[64];

	if (it->what == FOLLOW_RERUN) {
		t->out.len = t->err.len = t->compile.len = 0;
		t->cut = g->full_out = g->full_err = false;
		g->left = *g->room;
	} else if (it->what == FOLLOW_DATA) {
		return take_data(g, b, it);
	} else if (it->what == FOLLOW_GAP) {
		t->cut = true;
		snprintf(text, sizeof text, "%" PRIu64 " bytes are missing here", it->rec.len);
		return (b == &t->out ? g->full_out : g->full_err) ? 0 : put_mark(b, text);
	}
	return 0;
}

int task_read_output(struct request *rq, struct task *t, struct task_room *room, struct cee_err *e)
{
	struct reading g = { .t = t, .room = room, .left = *room };
	struct follow f;
	int r;

	follow_init(&f, &rq->client.spool, false);
	follow_job(&f, rq->client.owner, t->id);
	r = follow_step(&f, take_item, &g, e);
	follow_release(&f);
	*room = g.left;
	return checked(rq, r) < 0 && errno != ENOENT ? -1 : 0;
}
