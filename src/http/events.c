/* events.c - GET /tasks/{id}/events: what happens to a task, as it happens
 *
 * Server-sent events, or a line of JSON each where the request accepts application/x-ndjson. The
 * spool is followed as cee-log does (spool/follow.h); event_items.c says what an item of it is, event_writer.c
 * how it is written. The rules kept here:
 *   - A reader that comes again with the last event's id gets all that came after it and nothing else.
 *   - The last event is the verdict, without the output: all of that has come before.
 *   - With some servers only a failed write shows that the reader has gone, so there is a write
 *     at least every READER_BEAT_MS.
 */
#include "http/events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/cursor.h"
#include "http/disconnect.h"
#include "http/event_items.h"
#include "http/event_writer.h"
#include "http/notice.h"
#include "http/reader.h"
#include "http/request.h"
#include "http/task_json.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/walk.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct events {
	struct event_writer v;
	struct event_items items;
	struct follow f;
	bool cancel;	    /* the task ends when its reader goes */
	const char *notice; /* the last of notice.h, NULL none */
};

/* ---- before the task runs ------------------------------------------------------- */

enum { PRIORITIES = 10 };
struct place {
	const char *id;
	int priority;
	int64_t all[PRIORITIES], older[PRIORITIES];
};

static int look_at_queued(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	struct place *p = arg;
	int order = strcmp(id, p->id);

	(void)owner, (void)attempts;
	if (priority < 0 || priority >= PRIORITIES)
		return 0;
	p->all[priority]++;
	p->older[priority] += order < 0;
	if (order == 0)
		p->priority = priority;
	return 0;
}

/* Its place among the owner's own, from 1: by priority and then age. 0: it does not wait. */
static int64_t place_of(struct request *rq)
{
	struct place p = { .id = rq->id, .priority = -1 };
	int64_t n = 1;

	if (spool_each_new(&rq->client.spool, rq->client.owner, look_at_queued, &p) < 0 || p.priority < 0)
		return 0;
	for (int i = 0; i < p.priority; i++)
		n += p.all[i];
	return n + p.older[p.priority];
}

static void look_queue(struct events *e)
{
	struct event_writer *v = &e->v;
	const char *notice = notice_text(v->rq);
	int64_t place = e->f.index >= 0 ? 0 : place_of(v->rq);

	if (place > 0 && place != v->at.queue) {
		v->at.queue = place;
		event_number(v, "queued", "position", place);
	}
	if (notice && (e->notice ? notice != e->notice : !v->at.notice)) {
		v->at.notice = 1;
		event_text(v, "notice", "text", notice);
	}
	v->at.notice = notice != NULL;
	e->notice = notice;
}

/* ---- the stream ----------------------------------------------------------------- */

static void put_result(struct events *e)
{
	struct cee_err err = { 0 };
	struct json_writer w;

	event_items_end(&e->items);
	w = event_open(&e->v);
	if (task_put_verdict(e->v.rq, e->v.rq->id, &w, &err) < 0) {
		event_text(&e->v, "notice", "text", "the task was removed"); /* instead of the open one */
		return;
	}
	e->v.at.end = 1;
	event_close(&e->v, "result", &w);
}

/* Sleeps until there is something new, or it is time for a beat. */
static void await(struct events *e)
{
	struct reader *reader = &e->v.rq->reader;
	struct pollfd fds[READER_FDS];
	int ms = reader_beat_ms(reader);

	reader_fds(reader, fds);
	if (ms > 0 && follow_wait(&e->f, ms, fds, READER_FDS) == 2)
		reader_polled(reader, fds);
	if (!reader->gone && reader_beat_ms(reader) == 0)
		event_beat(&e->v);
}

/* The log cannot be read further, by errno. */
static void put_trouble(struct events *e, const struct cee_err *err)
{
	bool removed = errno == ENOENT;

	if (!removed)
		prog_error("%s", err->msg);
	event_text(&e->v, "notice", "text", removed ? "the task was removed" : "its log cannot be read");
}

static void stream(struct events *e)
{
	struct client *c = &e->v.rq->client;
	const bool *gone = &e->v.rq->reader.gone;
	struct cee_err err = { 0 };
	int64_t looked_us = 0;
	int r = 0;

	while (!*gone && r == 0) {
		r = follow_step(&e->f, event_items_take, &e->items, &err);
		if (r < 0 && !*gone) {
			put_trouble(e, &err);
		} else if (r == 1) {
			put_result(e);
		} else if (mono_us() - looked_us > READER_BEAT_MS * INT64_C(1000) - 1000) {
			look_queue(e);
			looked_us = mono_us();
		}
		e->v.ending = r != 0; /* the end passes on all there is, and white space alone is no line of JSON */
		if (event_flush(&e->v) == 0 && r == 0)
			await(e);
	}
	if (*gone && e->cancel)
		spool_cancel(&c->spool, c->owner, e->v.rq->id, NULL);
}

/* ---- the request ----------------------------------------------------------------- */

/* 0, 1 lines of JSON, -1 neither is asked for. */
static int wanted(const struct request *rq)
{
	const char *accept = cgi_variable(&rq->cgi, "HTTP_ACCEPT");

	return cgi_accepts(accept, "application/x-ndjson") ? 1 : cgi_accepts(accept, "text/event-stream") ? 0 : -1;
}

bool events_asked(const struct request *rq)
{
	return wanted(rq) >= 0;
}

/* Where the last stream ended. A browser sends the header by itself. False: answered. */
static bool resume(struct request *rq, struct cursor *at, bool *again)
{
	const char *text = cgi_variable(&rq->cgi, "HTTP_LAST_EVENT_ID");

	text = text ? text : cgi_query(&rq->cgi, "last_event_id");
	*again = text && *text;
	if (!*again || cursor_parse(at, text))
		return true;
	answer_problem(rq, 400, "Last-Event-ID: not a valid event id");
	return false;
}

static void put_created(struct events *e, const char *ticket)
{
	char when[TIME_TEXT_MAX];
	struct json_writer w = event_open(&e->v);

	time_format(when, id_time_us(e->v.rq->id));
	json_put_text(&w, "id", e->v.rq->id);
	json_put_text(&w, "created", when);
	if (ticket)
		json_put_text(&w, "ticket", ticket);
	event_close(&e->v, "created", &w);
}

static void run(struct events *e, int status, bool again, const char *ticket)
{
	struct request *rq = e->v.rq;

	e->v.lines = wanted(rq) == 1;
	e->items.v = &e->v;
	event_begin(&e->v, status);
	if (rq->cgi.method == METHOD_HEAD)
		return;
	if (!again)
		put_created(e, ticket);
	follow_init(&e->f, &rq->client.spool, true);
	e->f.marks = e->f.tests = true;
	follow_job(&e->f, rq->client.owner, rq->id);
	stream(e);
	follow_release(&e->f);
	event_release(&e->v);
}

void events_submitted(struct request *rq, const char *ticket, bool cancel)
{
	struct events e = { .v.rq = rq, .cancel = cancel };

	run(&e, 201, false, ticket);
}

void events_get(struct request *rq)
{
	struct events e = { .v.rq = rq };
	struct spool_where where;
	struct cee_err err = { 0 };
	bool again;

	if (!resume(rq, &e.v.at, &again) || !disconnect_asked(rq, &e.cancel))
		return;
	if (spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &err) < 0)
		answer_error(rq, errno, &err);
	else if (e.v.at.end)
		answer_empty(rq, 204); /* tells a browser's EventSource not to reconnect */
	else
		run(&e, 200, again, NULL);
}
