/* job_tools.c - the tools about languages and about jobs that run_code has made (job_tools.h) */
#include "mcp/job_tools.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/client.h"
#include "http/answer.h"
#include "http/cursor.h"
#include "http/image_type.h"
#include "http/submitting.h"
#include "http/task_state.h"
#include "job/published.h"
#include "mcp/call.h"
#include "mcp/run_tool.h"
#include "mcp/tool.h"
#include "mcp/tool_result.h"
#include "spool/attempt_read.h"
#include "spool/cancel.h"
#include "spool/collected.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OUTPUT_MOST = 65536, FILE_MOST = 1 << 20 };

static void must(struct call *c, int r)
{
	if (r < 0)
		answer_die(c->rq);
}

/* ---- languages --------------------------------------------------------------------- */

static const char *const shown[] = { "name", "title", "versions", "aliases", "check", "packages", "session", "hello" };

static void put_language(struct call *c, struct json_writer *w, const cJSON *l)
{
	json_open(w, NULL, '{');
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(l, shown[i]);
		AUTO_FREE char *text = v ? cJSON_PrintUnformatted(v) : NULL;

		must(c, v && !text ? -1 : 0);
		if (text)
			json_put_raw(w, shown[i], text, strlen(text));
	}
	json_close(w, '}');
}

/* A line each: "python: 3.11.2 3.11 3, packages". */
static void put_line(struct call *c, struct buf *b, const cJSON *l)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(l, "name"), *v;

	must(c, buf_printf(b, "%s:", cJSON_IsString(name) ? name->valuestring : "?"));
	cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(l, "versions")) if (cJSON_IsString(v))
		must(c, buf_printf(b, " %s", v->valuestring));
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "packages")))
		must(c, buf_printf(b, ", packages"));
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "session")))
		must(c, buf_printf(b, ", session"));
	must(c, buf_add(b, "\n", 1));
}

void job_tools_languages(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { NULL };
	struct published *p;
	AUTO_BUF struct buf b = { 0 }, lines = { 0 };
	struct json_writer w;

	if (!tool_only(c, arguments, names) || !(p = submitting_languages(c->rq)))
		return;
	for (size_t i = 0; i < published_count(p); i++)
		put_line(c, &lines, published_language(p, i));
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	tool_put_content(&w, lines.data ? lines.data : "", lines.len);
	json_close(&w, ']');
	json_open(&w, "structuredContent", '{');
	json_open(&w, "languages", '[');
	for (size_t i = 0; i < published_count(p); i++)
		put_language(c, &w, published_language(p, i));
	json_close(&w, ']');
	json_close(&w, '}');
	json_put_bool(&w, "isError", false);
	published_free(p);
	call_close(c, &w);
}

/* ---- jobs ------------------------------------------------------------------------------- */

/* Of this owner? False: answered. */
static bool find(struct call *c, struct task *t)
{
	struct cee_err e = { 0 };

	if (task_find(c->rq, t, &e) == 0)
		return true;
	answer_error(c->rq, errno, &e);
	return false;
}

void job_tools_status(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "job", "wait", NULL };
	int64_t most = c->rq->client.conf.http_wait_us / 1000000, seconds = 0;
	char id[ID_LEN + 1];
	struct task t = { .id = id };

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "job", id) ||
	    !tool_number(c, arguments, "wait", INT64_MAX / 2000000, &seconds))
		return;
	if (seconds > 0 && !find(c, &t))
		return;
	task_release(&t);
	if (seconds == 0 || run_tool_wait(c, id, (seconds < most ? seconds : most) * 1000000))
		tool_result_answer(c, id);
}

void job_tools_cancel(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "job", NULL };
	struct client *o = &c->rq->client;
	AUTO_BUF struct buf b = { 0 };
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	struct task t = { .id = id };
	struct json_writer w;
	const char *text;

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "job", id) || !find(c, &t))
		return;
	text = t.ended ? "it had ended" : "it is being cancelled";
	task_release(&t);
	if (spool_cancel(&o->spool, o->owner, id, &e) < 0) {
		answer_error(c->rq, errno, &e);
		return;
	}
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	tool_put_content(&w, text, strlen(text));
	json_close(&w, ']');
	json_put_bool(&w, "isError", false);
	call_close(c, &w);
}

/* ---- parts of outputs and files ------------------------------------------------------------ */

struct part {
	int64_t offset, length, size;
	struct buf bytes;
};

/* Cuts to what is there. */
static void cut(struct part *p)
{
	if (p->offset > p->size)
		p->offset = p->size;
	if (p->length > p->size - p->offset)
		p->length = p->size - p->offset;
}

static bool asked(struct call *c, const cJSON *arguments, int64_t most, struct part *p)
{
	p->length = most;
	return tool_number(c, arguments, "offset", INT64_MAX / 2, &p->offset) &&
	       tool_number(c, arguments, "length", most, &p->length);
}

/* The structured part of the answer, and its end. */
static void end_part(struct call *c, struct json_writer *w, const struct part *p, const char *name)
{
	json_open(w, "structuredContent", '{');
	json_put_text(w, name ? "name" : "stream", name ? name : "output");
	json_put_integer(w, "offset", p->offset);
	json_put_integer(w, "length", p->length);
	json_put_integer(w, "size", p->size);
	json_close(w, '}');
	json_put_bool(w, "isError", false);
	call_close(c, w);
}

static void answer_output(struct call *c, const struct part *p)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = call_open(c, &b);

	json_open(&w, "content", '[');
	tool_put_content(&w, p->bytes.data ? p->bytes.data : "", p->bytes.len);
	json_close(&w, ']');
	end_part(c, &w, p, NULL);
}

void job_tools_output(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "job", "stream", "offset", "length", NULL };
	const cJSON *stream = cJSON_GetObjectItemCaseSensitive(arguments, "stream");
	struct client *o = &c->rq->client;
	struct output_extent x = { 0 };
	struct part p = { 0 };
	char id[ID_LEN + 1];
	struct task t = { .id = id };
	bool err = cJSON_IsString(stream) && strcmp(stream->valuestring, "stderr") == 0;
	AUTO_CLOSE int fd = -1;

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "job", id) ||
	    !asked(c, arguments, OUTPUT_MOST, &p))
		return;
	if (stream && !err && (!cJSON_IsString(stream) || strcmp(stream->valuestring, "stdout") != 0)) {
		answer_problem(c->rq, 400, "stream: must be stdout or stderr");
		return;
	}
	if (!find(c, &t))
		return;
	fd = spool_open_output(&o->spool, o->owner, id, t.attempt, err ? SPOOL_STDERR : SPOOL_STDOUT, &x);
	p.size = fd < 0 ? 0 : x.size;
	cut(&p);
	if (fd >= 0 && tool_result_read(fd, p.offset, p.length, &p.bytes) < 0)
		answer_problem(c->rq, 500, "the output cannot be read");
	else
		answer_output(c, &p);
	output_extent_release(&x);
	buf_release(&p.bytes);
	task_release(&t);
}

static void answer_file(struct call *c, const char *id, int fd, const struct files_record *r, struct part *p)
{
	const char *type = image_type(fd, r->offset, r->size);
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w;

	p->size = r->size;
	cut(p);
	if (tool_result_read(fd, r->offset + p->offset, p->length, &p->bytes) < 0) {
		answer_problem(c->rq, 500, "the file cannot be read");
		return;
	}
	if (p->length < p->size) /* a part of an image shows nothing */
		type = NULL;
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	tool_result_put_file(c, &w, id, r->name, type, &p->bytes);
	json_close(&w, ']');
	end_part(c, &w, p, r->name);
}

void job_tools_file(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "job", "name", "offset", "length", NULL };
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(arguments, "name");
	struct client *o = &c->rq->client;
	struct files_list l = { 0 };
	struct part p = { 0 };
	char id[ID_LEN + 1];
	struct task t = { .id = id };
	AUTO_CLOSE int fd = -1;
	size_t i = 0;

	if (!tool_only(c, arguments, names) || !tool_id(c, arguments, "job", id) ||
	    !asked(c, arguments, FILE_MOST, &p) || !find(c, &t))
		return;
	if (t.ended && t.result.files.count > 0)
		fd = spool_open_files(&o->spool, o->owner, id, t.attempt, &l, NULL);
	while (i < l.n && !(cJSON_IsString(name) && strcmp(l.v[i].name, name->valuestring) == 0))
		i++;
	if (fd < 0 || i == l.n)
		answer_problem(c->rq, 404, "no file of this name was collected");
	else
		answer_file(c, id, fd, &l.v[i], &p);
	files_release(&l);
	buf_release(&p.bytes);
	task_release(&t);
}
