/* cursor.h - the parts of GET /tasks/{id}/events that do no I/O: a reader's position, and
 * incomplete characters
 *
 * A cursor counts what a reader has received, all of it from files that only grow: so an
 * interrupted stream can be resumed at its last event's id, without repeated or lost events.
 */
#ifndef CEE_HTTP_CURSOR_H
#define CEE_HTTP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* F(name): in the order of an id's text. */
#define CURSOR_FIELDS(F)                                                                                               \
	F(attempt) /* whose output was shown last; 0 none has begun */                                                 \
	F(out)                                                                                                         \
	F(err)	  /* bytes of the two streams */                                                                       \
	F(marks)  /* records of the index other than bytes: beginnings and gaps */                                     \
	F(tests)  /* tests that have ended */                                                                          \
	F(queue)  /* the last reported place in the queue, 0 none */                                                   \
	F(notice) /* 1: the reader knows that tasks are not run at present */                                          \
	F(end)	  /* 1: the result was sent, there is no more */
struct cursor {
#define F(name) int64_t name;
	CURSOR_FIELDS(F)
#undef F
};
enum { CURSOR_TEXT = 8 * 20 };
void cursor_format(char text[CURSOR_TEXT], const struct cursor *c); /* "1-120-0-1-0-0-0-0" */
bool cursor_parse(struct cursor *c, const char *text);		    /* exactly such a text */

/* The number of bytes at the end that belong to an incomplete character: 0 to 3. */
size_t utf8_tail(const char *s, size_t len);
#endif
