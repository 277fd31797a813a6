/* event_writer.c - events as text: server-sent events, or a line of JSON each (event_writer.h)
 *
 * Where the server gathers output before it passes it on, CEE_HTTP_FILL of its configuration says how many bytes
 * (reader.h): so many bytes of white space are written after each event.
 */
#include "http/event_writer.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "http/answer.h"
#include "http/cursor.h"
#include "http/reader.h"

#include <stddef.h>
#include <stdint.h>

void event_must(struct event_writer *v, int r)
{
	if (r < 0)
		answer_die(v->rq);
}

void event_begin(struct event_writer *v, int status)
{
	reader_watch(&v->rq->reader);
	answer_header(v->rq, "Cache-Control", "no-store");
	answer_header(v->rq, "X-Accel-Buffering", "no");
	answer_begin(v->rq, status, v->lines ? "application/x-ndjson" : "text/event-stream", -1);
}

/* A comment, or white space before the next line: no reader takes either for an event. */
static void put_fill(struct event_writer *v, size_t n)
{
	static const char spaces[] = "                                                                ";

	event_must(v, v->lines ? 0 : buf_add(&v->b, ":", 1));
	for (size_t m; n > 0; n -= m) {
		m = n < sizeof spaces - 1 ? n : sizeof spaces - 1;
		event_must(v, buf_add(&v->b, spaces, m));
	}
	event_must(v, v->lines ? 0 : buf_add(&v->b, "\n\n", 2));
}

int event_flush(struct event_writer *v)
{
	struct reader *reader = &v->rq->reader;
	int r;

	if (v->b.len == 0)
		return reader->gone ? -1 : 0;
	if (reader->fill && !v->ending)
		put_fill(v, reader->fill);
	r = reader_write(reader, v->b.data, v->b.len);
	v->b.len = 0;
	return r;
}

int event_beat(struct event_writer *v)
{
	put_fill(v, 1);
	return event_flush(v);
}

struct json_writer event_open(struct event_writer *v)
{
	struct json_writer w = json_writer(&v->data);

	v->data.len = 0;
	json_open(&w, NULL, '{');
	return w;
}

static void put_line(struct event_writer *v, const char *id, const char *name)
{
	struct json_writer w = json_writer(&v->b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "event", name);
	json_put_text(&w, "id", id);
	json_put_raw(&w, "data", v->data.data, v->data.len);
	json_close(&w, '}');
	event_must(v, json_end_line(&w));
}

void event_close(struct event_writer *v, const char *name, struct json_writer *w)
{
	char id[CURSOR_TEXT];

	json_close(w, '}');
	event_must(v, json_written(w));
	for (size_t i = 0; i < v->data.len; i++) /* line breaks within a stored result or test are white space */
		if (v->data.data[i] == '\n' || v->data.data[i] == '\r')
			v->data.data[i] = ' ';
	cursor_format(id, &v->at);
	if (v->lines) {
		put_line(v, id, name);
		return;
	}
	event_must(v, buf_printf(&v->b, "id: %s\nevent: %s\ndata: ", id, name));
	event_must(v, buf_add(&v->b, v->data.data, v->data.len));
	event_must(v, buf_add(&v->b, "\n\n", 2));
}

void event_text(struct event_writer *v, const char *name, const char *field, const char *text)
{
	struct json_writer w = event_open(v);

	json_put_text(&w, field, text);
	event_close(v, name, &w);
}

void event_number(struct event_writer *v, const char *name, const char *field, int64_t number)
{
	struct json_writer w = event_open(v);

	json_put_integer(&w, field, number);
	event_close(v, name, &w);
}

void event_release(struct event_writer *v)
{
	buf_release(&v->b);
	buf_release(&v->data);
}
