/* task_input.c - POST /tasks/{id}/stdin[?eof]: input of a program while it runs
 *
 * For a job with "stdin_stream": true. Requests come one after another, so none of them holds
 * the lock that says "somebody writes this": the mark in/ID.open does (cee-spool(5)), from the
 * job's submit until ?eof, or its end.
 */
#include "http/task_input.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"
#include "http/request_body.h"
#include "spool/find.h"
#include "spool/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* How much the attempt that runs has taken; 0 before. */
static int64_t taken(struct request *rq)
{
	struct spool_where where;

	if (spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, NULL) < 0)
		return 0;
	return spool_taken(&rq->client.spool, rq->client.owner, rq->id, where.attempt);
}

static bool wants_input(struct request *rq)
{
	struct spool_where where;
	struct cee_err e = { 0 };

	if (spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &e) < 0) {
		answer_error(rq, errno, &e);
		return false;
	}
	if (where.state == STATE_FINISHED) {
		answer_problem(rq, 409, "the task has ended and reads no more input");
		return false;
	}
	return true;
}

static void append(struct request *rq, struct spool_input *in, const struct buf *body)
{
	struct cee_err e = { 0 };

	if (in->size + (int64_t)body->len > rq->client.conf.max_stdin) {
		answer_problem(rq, 413, "with this the input has %" PRId64 " bytes (at most %" PRId64 ")",
			       in->size + (int64_t)body->len, rq->client.conf.max_stdin);
		return;
	}
	if (body->len > 0 && in->size + (int64_t)body->len - taken(rq) > 2 * SPOOL_INPUT_AHEAD) {
		answer_header(rq, "Retry-After", "1");
		answer_problem(rq, 429,
			       "the program has not read the earlier input yet: send this again a little later");
		return;
	}
	if ((body->len > 0 && spool_input_write(in, body->data, body->len) < 0) ||
	    (cgi_query(&rq->cgi, "eof") && spool_input_end(in) < 0)) {
		cee_fail(&e, errno, "%s: its input: %s", rq->id, strerror(errno));
		answer_error(rq, errno, &e);
		return;
	}
	answer_empty(rq, 204);
}

/* Not one that a page of another site can send without being asked first (a form, plain text). */
static bool is_bytes(struct request *rq)
{
	if (cgi_content_type(&rq->cgi, "application/octet-stream"))
		return true;
	answer_problem(rq, 415, "send input with Content-Type: application/octet-stream");
	return false;
}

void task_input_post(struct request *rq)
{
	struct spool_input in = { .dir = -1, .fd = -1 };
	AUTO_BUF struct buf body = { 0 };
	struct cee_err e = { 0 };
	int status;

	if (!is_bytes(rq) || !wants_input(rq))
		return;
	status = request_body(&rq->cgi, STDIN_FILENO, SPOOL_INPUT_AHEAD, &body, &e);
	if (status) {
		answer_problem(rq, status, "%s", e.msg);
		return;
	}
	if (spool_input_again(&rq->client.spool, rq->client.owner, rq->id, &in, &e) < 0) {
		answer_problem(rq, errno == ENOENT || errno == EBUSY ? 409 : 500, "%s", e.msg);
		return;
	}
	append(rq, &in, &body);
	spool_input_leave(&in);
}
