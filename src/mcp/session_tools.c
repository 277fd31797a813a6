/* session_tools.c - the tools about sessions (session_tools.h)
 *
 * A cell is interrupted when its client goes; the session stays.
 */
#include "mcp/session_tools.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/session_cell.h"
#include "http/answer.h"
#include "http/cell_follow.h"
#include "http/cell_output.h"
#include "http/quota.h"
#include "http/reader.h"
#include "mcp/call.h"
#include "mcp/run_tool.h"
#include "mcp/tool.h"
#include "mcp/tool_result.h"
#include "spool/cancel.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { END_US = 5000000 };

static void must(struct call *c, int r)
{
	if (r < 0)
		answer_die(c->rq);
}

/* One text, and for start_session its id as a field. */
static void answer_text_of(struct call *c, const char *text, const char *session)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = call_open(c, &b);

	json_open(&w, "content", '[');
	tool_put_content(&w, text, strlen(text));
	json_close(&w, ']');
	if (session) {
		json_open(&w, "structuredContent", '{');
		json_put_text(&w, "session", session);
		json_close(&w, '}');
	}
	json_put_bool(&w, "isError", false);
	call_close(c, &w);
}

static void refuse(struct call *c, const struct cee_err *e)
{
	if (errno == EPIPE || errno == EDQUOT)
		answer_problem(c->rq, 409, "%s", e->msg);
	else
		answer_error(c->rq, errno, e);
}

/* ---- start ------------------------------------------------------------------------------- */

static void put_member(struct call *c, struct json_writer *w, const char *name, const cJSON *v)
{
	AUTO_FREE char *text = v ? cJSON_PrintUnformatted(v) : NULL;

	must(c, v && !text ? -1 : 0);
	if (text)
		json_put_raw(w, name, text, strlen(text));
}

void session_tools_start(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "language", "version", "files", "env",  "packages",
					     "limits",	 "network", "idle",  "life", NULL };
	AUTO_BUF struct buf text = { 0 }, words = { 0 };
	struct json_writer w = json_writer(&text);
	char id[ID_LEN + 1];

	if (!tool_only(c, arguments, names))
		return;
	json_open(&w, NULL, '{');
	for (size_t i = 0; i < 7; i++)
		put_member(c, &w, names[i], cJSON_GetObjectItemCaseSensitive(arguments, names[i]));
	json_open(&w, "session", '{');
	put_member(c, &w, "idle", cJSON_GetObjectItemCaseSensitive(arguments, "idle"));
	put_member(c, &w, "life", cJSON_GetObjectItemCaseSensitive(arguments, "life"));
	json_close(&w, '}');
	json_close(&w, '}');
	must(c, json_written(&w));
	if (!run_tool_submit(c, &text, id))
		return;
	must(c, buf_printf(&words, "session %s", id));
	answer_text_of(c, words.data, id);
}

/* ---- run ------------------------------------------------------------------------------------ */

struct cell_call {
	struct call *c;
	struct cell_reader r;
	struct cell_output all;
};

static int take(void *arg, const char *event, const cJSON *o)
{
	struct cell_call *k = arg;
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(o, "text");

	if (cJSON_IsString(text) && strncmp(event, "std", 3) == 0)
		call_progress(k->c, text->valuestring, strlen(text->valuestring));
	return cell_output_take(&k->all, event, o);
}

static void beat(void *arg)
{
	struct cell_call *k = arg;

	k->c->transport->beat(k->c);
}

static enum cell_how follow(struct cell_call *k, struct cee_err *e)
{
	static const struct cell_follower follower = { take, NULL, beat };

	reader_watch(&k->c->rq->reader);
	return cell_follow(&k->r, &k->c->rq->reader, &follower, k, e);
}

static void put_part(struct call *c, struct buf *all, const char *title, struct buf *part)
{
	tool_result_shorten(c, part, "left out");
	tool_result_put_part(c, all, title, part);
}

/* Pictures of its results. */
static void put_pictures(struct call *c, struct json_writer *w, const struct cell_output *o)
{
	AUTO_BUF struct buf text = { 0 };
	cJSON *all, *one;

	if (o->results.len == 0)
		return;
	must(c, buf_printf(&text, "[%s]", o->results.data));
	all = cJSON_ParseWithLength(text.data, text.len);
	cJSON_ArrayForEach(one, all)
	{
		const cJSON *png = cJSON_GetObjectItemCaseSensitive(one, "png");

		if (!cJSON_IsString(png))
			continue;
		json_open(w, NULL, '{');
		json_put_text(w, "type", "image");
		json_put_text(w, "data", png->valuestring);
		json_put_text(w, "mimeType", "image/png");
		json_close(w, '}');
	}
	cJSON_Delete(all);
}

static void answer_cell(struct cell_call *k)
{
	struct call *c = k->c;
	struct cell_output *o = &k->all;
	AUTO_BUF struct buf b = { 0 }, text = { 0 };
	struct json_writer w;

	put_part(c, &text, NULL, &o->out);
	put_part(c, &text, o->out.len > 0 ? "result" : NULL, &o->shown);
	put_part(c, &text, "stderr", &o->err);
	put_part(c, &text, "error", &o->trace);
	if (strcmp(o->why, "exited") != 0 || o->restarted || text.len == 0)
		must(c,
		     buf_printf(&text, "%s[%s%s]", text.len ? "\n" : "",
				text.len == 0 && strcmp(o->why, "exited") == 0 ? "no output" : o->why,
				o->restarted ? "; the state of the session is lost, it goes on with a new one" : ""));
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	tool_put_content(&w, text.data, text.len);
	put_pictures(c, &w, o);
	json_close(&w, ']');
	json_open(&w, "structuredContent", '{');
	cell_output_put(o, &w);
	json_close(&w, '}');
	json_put_bool(&w, "isError", strcmp(o->why, "exited") != 0);
	call_close(c, &w);
}

static void run(struct cell_call *k, const struct cell *cell)
{
	struct cee_err e = { 0 };
	enum cell_how how;

	if (cell_send(&k->r, cell, &e) < 0) {
		refuse(k->c, &e);
		return;
	}
	how = follow(k, &e);
	if (k->c->rq->reader.gone)
		cell_cancel(&k->r, &e);
	else if (how == CELL_ENDED)
		answer_cell(k);
	else
		refuse(k->c, &e);
}

void session_tools_run(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "session", "code", "wall", NULL };
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(arguments, "code");
	struct cell_call k = { .c = c };
	struct cell cell = { .output = CELL_OUTPUT };
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	int64_t seconds = 0;

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "session", id) ||
	    !tool_number(c, arguments, "wall", INT64_MAX / 2000000, &seconds))
		return;
	if (!cJSON_IsString(code)) {
		answer_problem(c->rq, 400, "code: must be a text");
		return;
	}
	cell.code = code->valuestring;
	cell.len = strlen(cell.code);
	if (cell_begin(&k.r, &c->rq->client, id, &e) < 0) {
		refuse(c, &e);
	} else if (c->local || quota_take(c->rq, 1, (int64_t)cell.len)) {
		cell.wall_us = seconds > 0		    ? seconds * 1000000
			       : k.r.idle_us < CELL_WALL_US ? k.r.idle_us
							    : CELL_WALL_US;
		run(&k, &cell);
	}
	cell_release(&k.r);
	cell_output_release(&k.all);
}

/* ---- end -------------------------------------------------------------------------------------- */

/* The driver ends by itself, or the session is cancelled. */
void session_tools_end(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "session", NULL };
	struct cell_reader r;
	struct cee_err e = { 0 };
	int64_t until = mono_us() + END_US;
	enum cell_how how = CELL_RUNS;
	char id[ID_LEN + 1];

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "session", id))
		return;
	if (cell_begin(&r, &c->rq->client, id, &e) < 0 || cell_end_session(&r, &e) < 0) {
		refuse(c, &e);
	} else {
		while (mono_us() < until && (how = cell_step(&r, NULL, NULL, &e)) == CELL_RUNS)
			cell_wait(&r, 100, NULL, 0);
		if (how == CELL_RUNS)
			spool_cancel(&c->rq->client.spool, c->rq->client.owner, id, NULL);
		answer_text_of(c, "the session has ended", NULL);
	}
	cell_release(&r);
}
