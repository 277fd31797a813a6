/* cell_output.c - what a cell of a session has written, gathered for an answer (cell_output.h)
 *
 * All of it is bounded: a driver that sends more than OUTPUT_MOST in all is not the one that was started.
 */
#include "http/cell_output.h"
#include "base/buf.h"
#include "base/json_write.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { OUTPUT_MOST = 16 << 20 };

int cell_event_members(struct json_writer *w, const cJSON *o)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, o)
	{
		AUTO_FREE char *text = NULL;

		if (strcmp(v->string, "cell") == 0 || strcmp(v->string, "event") == 0)
			continue;
		text = cJSON_PrintUnformatted(v);
		if (!text)
			return -1;
		json_put_raw(w, v->string, text, strlen(text));
	}
	return json_written(w);
}

static int add_object(struct buf *b, const cJSON *o)
{
	struct json_writer w;

	if (b->len > 0 && buf_add(b, ",", 1) < 0)
		return -1;
	w = json_writer(b);
	json_open(&w, NULL, '{');
	if (cell_event_members(&w, o) < 0)
		return -1;
	json_close(&w, '}');
	return json_written(&w);
}

static const char *text_of(const cJSON *o, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int add_text(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

static int take_error(struct cell_output *c, const cJSON *o)
{
	const char *trace = text_of(o, "traceback");

	c->error.len = c->trace.len = 0;
	if (add_object(&c->error, o) < 0)
		return -1;
	return *trace ? add_text(&c->trace, trace)
		      : buf_printf(&c->trace, "%s: %s\n", text_of(o, "name"), text_of(o, "value"));
}

static void take_end(struct cell_output *c, const cJSON *o)
{
	const cJSON *dropped = cJSON_GetObjectItemCaseSensitive(o, "dropped");

	snprintf(c->why, sizeof c->why, "%s", text_of(o, "why"));
	c->restarted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "restarted"));
	c->dropped = cJSON_IsNumber(dropped) && dropped->valuedouble > 0 && dropped->valuedouble < 1e15
			     ? (int64_t)dropped->valuedouble
			     : 0;
}

int cell_output_take(void *arg, const char *event, const cJSON *o)
{
	struct cell_output *c = arg;
	bool full = c->out.len + c->err.len + c->results.len + c->error.len > OUTPUT_MOST;

	if (strcmp(event, "end") == 0) {
		take_end(c, o);
		return 0;
	}
	if (full)
		return 0;
	if (strcmp(event, "stdout") == 0)
		return add_text(&c->out, text_of(o, "text"));
	if (strcmp(event, "stderr") == 0)
		return add_text(&c->err, text_of(o, "text"));
	if (strcmp(event, "error") == 0)
		return take_error(c, o);
	if (strcmp(event, "result") != 0)
		return 0;
	return add_object(&c->results, o) < 0 ||
			       (*text_of(o, "text") && buf_printf(&c->shown, "%s\n", text_of(o, "text")) < 0)
		       ? -1
		       : 0;
}

static void put_text(struct json_writer *w, const char *name, const struct buf *b)
{
	json_put_bytes(w, name, b->data ? b->data : "", b->len);
}

void cell_output_put(const struct cell_output *c, struct json_writer *w)
{
	json_put_text(w, "why", c->why);
	put_text(w, "stdout", &c->out);
	put_text(w, "stderr", &c->err);
	json_open(w, "results", '[');
	if (c->results.len > 0)
		json_put_raw(w, NULL, c->results.data, c->results.len);
	json_close(w, ']');
	if (c->error.len > 0)
		json_put_raw(w, "error", c->error.data, c->error.len);
	if (c->dropped > 0)
		json_put_integer(w, "dropped", c->dropped);
	if (c->restarted)
		json_put_bool(w, "restarted", true);
}

void cell_output_release(struct cell_output *c)
{
	buf_release(&c->out);
	buf_release(&c->err);
	buf_release(&c->results);
	buf_release(&c->error);
	buf_release(&c->shown);
	buf_release(&c->trace);
}
