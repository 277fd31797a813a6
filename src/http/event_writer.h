/* event_writer.h - events as text: server-sent events, or a line of JSON each
 *
 * Every event has an id, the cursor after it (cursor.h). All events found by one look at the
 * spool are sent in one write.
 */
#ifndef CEE_HTTP_EVENT_WRITER_H
#define CEE_HTTP_EVENT_WRITER_H

#include "base/buf.h"
#include "base/json_write.h"
#include "http/cursor.h"
#include "http/request.h"

#include <stdbool.h>
#include <stdint.h>

enum { EVENT_GATHER = 65536 }; /* bytes after which event_flush is worth it */

struct event_writer {
	struct request *rq;
	bool lines;	  /* NDJSON */
	bool ending;	  /* the stream is ending: no more white space is added */
	struct cursor at; /* the reader's position after all events in the buffer */
	struct buf b;	  /* not written yet */
	struct buf data;  /* of the open event */
};
/* Begins the answer. */
void event_begin(struct event_writer *v, int status);
/* An event, its data an object whose fields are written between the two calls:
 *
 *     struct json_writer w = event_open(v);
 *     json_put_text(&w, "text", text);
 *     event_close(v, "notice", &w);
 *
 * The id is the cursor v->at when event_close is called. */
struct json_writer event_open(struct event_writer *v);
void event_close(struct event_writer *v, const char *name, struct json_writer *w);
/* An event whose data has one field. */
void event_text(struct event_writer *v, const char *name, const char *field, const char *text);
void event_number(struct event_writer *v, const char *name, const char *field, int64_t number);
/* Writes the buffered events; -1: the reader has gone. */
int event_flush(struct event_writer *v);
/* Writes what no reader takes for an event: a comment, or a space between the lines of JSON. */
int event_beat(struct event_writer *v);
/* Ends the process where r is negative (out of memory). */
void event_must(struct event_writer *v, int r);
void event_release(struct event_writer *v);

#endif
