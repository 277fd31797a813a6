/* event_writer.h - events as text: server-sent events, or a line of JSON each
 *
 * Every event has an id, the cursor after it (cursor.h). All events found by one look at the
 * spool are sent in one write.
 */
#ifndef CEE_HTTP_EVENT_WRITER_H
#define CEE_HTTP_EVENT_WRITER_H

#include "base/buf.h"
#include "http/cursor.h"
#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

enum { EVENT_GATHER = 65536 }; /* bytes after which event_flush is worth it */

struct event_writer {
	struct request *rq;
	bool lines;	  /* NDJSON */
	bool ending;	  /* the stream is ending: no more white space is added */
	struct cursor at; /* the reader's position after all events in the buffer */
	struct buf b;	  /* not written yet */
};
/* Begins the answer. */
void event_begin(struct event_writer *v, int status);
/* Appends an event whose data is JSON, and releases data. A line break may stand in it as white space only. */
void event_put(struct event_writer *v, const char *name, struct buf *data);
/* The same; the data is made of fmt. */
void event_putf(struct event_writer *v, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Writes the buffered events; -1: the reader has gone. */
int event_flush(struct event_writer *v);
/* Writes what no reader takes for an event: a comment, or a space between the lines of JSON. */
int event_beat(struct event_writer *v);
/* Ends the process where r is negative (out of memory). */
void event_must(struct event_writer *v, int r);
void event_release(struct event_writer *v);

#endif
