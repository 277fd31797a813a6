/* answer.h - the ways to answer a request */
#ifndef CEE_HTTP_ANSWER_H
#define CEE_HTTP_ANSWER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "http/request.h"

#include <stddef.h>
#include <stdint.h>

/* Adds a header line to the answer. Control characters in it end the line there. */
void answer_header(struct request *rq, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Sends a whole answer, or only the body when the header was sent already. */
void answer_json(struct request *rq, int status, const struct buf *body);
void answer_text(struct request *rq, int status, const char *type, const char *data, size_t len);
/* RFC 9457: {"title","status","detail"}. The title of a 400 is that of the first engine, for
 * compatibility. */
void answer_problem(struct request *rq, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Writes that object, as an element of an answer about many tasks. */
void answer_put_problem(struct json_writer *w, int status, const char *detail);
/* Maps the library's errno to 400, 404, 409, 413 or 503, and sends a message; other errors are 500, and e's message
 * goes to the server's log only. */
void answer_error(struct request *rq, int err, const struct cee_err *e);
void answer_empty(struct request *rq, int status);
/* For answers that are written in pieces: the header, with a length unless that is -1, then the
 * data.
 * answer_write: -1: the reader has gone. It writes nothing for a HEAD request. */
void answer_begin(struct request *rq, int status, const char *type, int64_t length);
int answer_write(struct request *rq, const void *data, size_t len);
/* For failures such as no memory: answers 500 and ends the process. */
void answer_die(struct request *rq) __attribute__((noreturn));
const char *answer_reason(int status);
/* The header Location: the task's address beneath the prefix, PREFIX/tasks/ID */
void answer_location(struct request *rq, const char *id);

#endif
