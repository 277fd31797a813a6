/* sessions.c - POST /sessions/{id}/run: a cell of a session (sessions.h)
 *
 * The answer is JSON when the cell has ended, or a stream of its events where the request accepts one. A cell is
 * interrupted when its reader goes.
 */
#include "http/sessions.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "cli/session_cell.h"
#include "http/answer.h"
#include "http/cell_follow.h"
#include "http/cell_output.h"
#include "http/cgi.h"
#include "http/event_writer.h"
#include "http/events.h"
#include "http/quota.h"
#include "http/reader.h"
#include "http/request_body.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the request ---------------------------------------------------------------------- */

struct asked {
	char *code;
	int64_t wall_us, output;
};
static int set_code(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_string(v, path, &((struct asked *)into)->code, e);
}
static int set_wall(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_duration(v, path, &((struct asked *)into)->wall_us, e);
}
static int set_output(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_integer(v, path, 0, CELL_OUTPUT, &((struct asked *)into)->output, e);
}
static const struct json_field fields[] = {
	{ "code", set_code }, { "wall", set_wall }, { "output", set_output }, { NULL, NULL }
};

/* False: answered. */
static bool read_cell(struct request *rq, const struct buf *body, struct asked *a)
{
	struct cee_err e = { 0 };
	AUTO_JSON cJSON *root = json_parse(body->data ? body->data : "", body->len, &e);
	bool ok = root && cJSON_IsObject(root) && json_fields(root, "", fields, 0, a, &e) == 0;

	if (ok && a->code)
		return true;
	answer_problem(rq, 400, "%s", ok ? "code: is missing" : *e.msg ? e.msg : "a cell must be a JSON object");
	return false;
}

static void refuse(struct request *rq, const struct cee_err *e)
{
	if (errno == EPIPE)
		answer_problem(rq, 409, "%s", e->msg);
	else if (errno == EDQUOT)
		answer_problem(rq, 413, "%s", e->msg);
	else
		answer_error(rq, errno, e);
}

/* ---- the answer ------------------------------------------------------------------------- */

struct cell_answer {
	struct request *rq;
	struct cell_reader r;
	struct cell_output all;
	struct event_writer v;
	bool stream;
};

static int take(void *arg, const char *event, const cJSON *o)
{
	struct cell_answer *a = arg;
	struct json_writer w;

	if (!a->stream)
		return cell_output_take(&a->all, event, o);
	w = event_open(&a->v);
	if (cell_event_members(&w, o) < 0)
		return -1;
	event_close(&a->v, event, &w);
	if (a->v.b.len >= EVENT_GATHER)
		event_flush(&a->v);
	return 0;
}

static void flush(void *arg)
{
	struct cell_answer *a = arg;

	if (a->stream)
		event_flush(&a->v);
}

static void beat(void *arg)
{
	struct cell_answer *a = arg;
	struct request *rq = a->rq;

	if (a->stream) {
		event_beat(&a->v);
		return;
	}
	if (!rq->begun)
		answer_begin(rq, 200, "application/json", -1);
	for (size_t i = 0; i <= rq->reader.fill; i += 64)
		answer_write(rq, "                                                                ", 64);
}

static void put_json(struct cell_answer *a)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "cell", a->r.id);
	cell_output_put(&a->all, &w);
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		answer_die(a->rq);
	answer_json(a->rq, 200, &b);
}

static void answer(struct cell_answer *a)
{
	struct request *rq = a->rq;
	static const struct cell_follower follower = { take, flush, beat };
	struct cee_err e = { 0 };
	enum cell_how how;

	reader_watch(&rq->reader);
	if (a->stream) {
		a->v.rq = rq;
		a->v.lines = cgi_accepts(cgi_variable(&rq->cgi, "HTTP_ACCEPT"), "application/x-ndjson");
		event_begin(&a->v, 200);
	}
	how = cell_follow(&a->r, &rq->reader, &follower, a, &e);
	if (rq->reader.gone)
		cell_cancel(&a->r, &e);
	else if (a->stream && how != CELL_ENDED)
		event_text(&a->v, "notice", "text", e.msg);
	else if (!a->stream && how == CELL_ENDED)
		put_json(a);
	else if (!a->stream)
		refuse(rq, &e);
	a->v.ending = true;
	flush(a);
	event_release(&a->v);
}

static void run(struct request *rq, const struct asked *asked, int64_t bytes)
{
	struct cell_answer a = { .rq = rq, .stream = events_asked(rq) };
	struct cee_err e = { 0 };

	if (cell_begin(&a.r, &rq->client, rq->id, &e) < 0) {
		refuse(rq, &e);
	} else if (quota_take(rq, 1, bytes)) {
		int64_t usual = a.r.idle_us < CELL_WALL_US ? a.r.idle_us : CELL_WALL_US;
		struct cell cell = { asked->code, strlen(asked->code), asked->wall_us ? asked->wall_us : usual,
				     asked->output };

		if (cell_send(&a.r, &cell, &e) < 0)
			refuse(rq, &e);
		else
			answer(&a);
	}
	cell_release(&a.r);
	cell_output_release(&a.all);
}

void sessions_run(struct request *rq)
{
	struct asked asked = { .output = CELL_OUTPUT };
	AUTO_BUF struct buf body = { 0 };
	struct cee_err e = { 0 };
	int status;

	if (!cgi_content_type(&rq->cgi, "application/json")) {
		answer_problem(rq, 415, "send a cell as JSON, with Content-Type: application/json");
		return;
	}
	status = request_body(&rq->cgi, STDIN_FILENO, CELL_CODE_MAX, &body, &e);
	if (status)
		answer_problem(rq, status, "%s", e.msg);
	else if (read_cell(rq, &body, &asked))
		run(rq, &asked, (int64_t)body.len);
	free(asked.code);
}
