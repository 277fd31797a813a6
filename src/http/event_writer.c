/* event_writer.c - events as text: server-sent events, or a line of JSON each (event_writer.h)
 *
 * Where the server gathers output before it passes it on, CEE_HTTP_FILL of its configuration says how many bytes
 * (reader.h): so many bytes of white space are written after each event.
 */
#include "http/event_writer.h"
#include "base/buf.h"
#include "http/answer.h"
#include "http/cursor.h"
#include "http/reader.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

void event_put(struct event_writer *v, const char *name, struct buf *data)
{
	char id[CURSOR_TEXT];

	for (size_t i = 0; i < data->len; i++)
		if (data->data[i] == '\n' || data->data[i] == '\r')
			data->data[i] = ' ';
	cursor_format(id, &v->at);
	if (v->lines)
		event_must(v, buf_printf(&v->b, "{\"event\":\"%s\",\"id\":\"%s\",\"data\":", name, id));
	else
		event_must(v, buf_printf(&v->b, "id: %s\nevent: %s\ndata: ", id, name));
	event_must(v, buf_add(&v->b, data->data, data->len));
	event_must(v, v->lines ? buf_add(&v->b, "}\n", 2) : buf_add(&v->b, "\n\n", 2));
	buf_release(data);
	*data = (struct buf){ 0 };
}

void event_putf(struct event_writer *v, const char *name, const char *fmt, ...)
{
	struct buf data = { 0 };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	event_must(v, buf_add(&data, text, strlen(text)));
	event_put(v, name, &data);
}

void event_release(struct event_writer *v)
{
	buf_release(&v->b);
}
