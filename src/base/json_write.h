/* json_write.h - the one writer of JSON
 *
 * A writer appends to a buffer, sets the commas and remembers a failure, so that only the end
 * has to be checked:
 *
 *     struct json_writer w = json_writer(&buf);
 *     json_open(&w, NULL, '{');
 *     json_put_text(&w, "name", name);
 *     json_close(&w, '}');
 *     if (json_written(&w) < 0) … ENOMEM
 *
 * name is the field's within an object, and NULL for an element of an array or the outermost value.
 */
#ifndef CEE_BASE_JSON_WRITE_H
#define CEE_BASE_JSON_WRITE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_writer {
	struct buf *out;
	bool comma;  /* the next value needs one before it */
	bool failed; /* out of memory; nothing more is appended */
};
struct json_writer json_writer(struct buf *out);
int json_written(const struct json_writer *w); /* -1 ENOMEM: the text in the buffer is incomplete */
int json_end_line(struct json_writer *w);      /* the same, after a "\n" was appended */

/* For a writer whose buffer belongs to nobody else: the malloc'ed text, NULL ENOMEM. */
char *json_detach(struct json_writer *w);

void json_open(struct json_writer *w, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json_writer *w, char bracket);		       /* '}' or ']' */

/* Between two values: the next one begins a line. */
void json_break_line(struct json_writer *w);

void json_put_text(struct json_writer *w, const char *name, const char *s); /* NULL: null */
void json_put_bytes(struct json_writer *w, const char *name, const char *data, size_t len);
void json_put_texts(struct json_writer *w, const char *name, char *const *v, size_t n); /* ["a","b"] */
void json_put_integer(struct json_writer *w, const char *name, int64_t v);
void json_put_seconds(struct json_writer *w, const char *name, int64_t us); /* 1.000250 */
void json_put_bool(struct json_writer *w, const char *name, bool v);
void json_put_null(struct json_writer *w, const char *name);
/* Appends text that is JSON already: a value or, if name is NULL, an object's fields without its braces. */
void json_put_raw(struct json_writer *w, const char *name, const char *json, size_t len);

/* Quotes strings for all functions above, and for texts that are not JSON as a whole. Control characters
 * (also DEL and C1) are escaped, invalid UTF-8 becomes U+FFFD. -1 ENOMEM. */
int json_quote(struct buf *b, const char *data, size_t len);

#endif
