/* answer.c - the ways to answer a request
 *
 * A whole answer is one write: header and body. Every answer forbids sniffing and caching;
 * nothing that came from a request gets into a header unless it passes answer_header, which
 * lets no line end through.
 */
#include "http/answer.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "cli/prog.h"
#include "http/cgi.h"
#include "http/reader.h"
#include "http/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 207, "Multi-Status" },
	{ 304, "Not Modified" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

const char *answer_reason(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

void answer_die(struct request *rq)
{
	/* a text of its own, since there is no memory for a writer */
	static const char text[] =
		"Status: 500 Internal Server Error\r\nContent-Type: application/problem+json\r\n\r\n"
		"{\"title\":\"Internal Server Error\",\"status\":500,\"detail\":\"out of memory\"}\n";

	if (!rq->begun && rq->answer_done)
		rq->answer_done(rq, rq->answer_arg);
	else if (!rq->begun)
		reader_write(&rq->reader, text, sizeof text - 1);
	prog_error("out of memory");
	_exit(EX_OSERR);
}

void answer_header(struct request *rq, const char *name, const char *fmt, ...)
{
	char value[CGI_PATH_MAX * 3 + 512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	for (char *p = value; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			*p = 0;
			break;
		}
	if (buf_printf(&rq->headers, "%s: %s\r\n", name, value) < 0)
		answer_die(rq);
}

void answer_location(struct request *rq, const char *id)
{
	AUTO_BUF struct buf path = { 0 };

	if (cgi_escape(&path, rq->cgi.prefix, false) < 0 || buf_printf(&path, "/tasks/%s", id) < 0)
		answer_die(rq);
	answer_header(rq, "Location", "%s", path.data);
}

/* ---- the header ---------------------------------------------------------------- */

static void put_header(struct request *rq, struct buf *b, int status, const char *type, int64_t length)
{
	int r = buf_printf(b, "Status: %d %s\r\n", status, answer_reason(status));

	if (type)
		r |= buf_printf(b, "Content-Type: %s\r\n", type);
	if (length >= 0)
		r |= buf_printf(b, "Content-Length: %" PRId64 "\r\n", length);
	/* a handler's own caching header replaces this one */
	if (!rq->headers.data || !strcasestr(rq->headers.data, "Cache-Control:"))
		r |= buf_printf(b, "Cache-Control: no-store\r\n");
	r |= buf_printf(b, "X-Content-Type-Options: nosniff\r\n");
	if (rq->headers.len > 0)
		r |= buf_add(b, rq->headers.data, rq->headers.len);
	if (r < 0 || buf_add(b, "\r\n", 2) < 0)
		answer_die(rq);
}

/* From here on answer_die writes nothing: some of an answer may be with the caller. */
static void put_out(struct request *rq, const struct buf *b)
{
	rq->begun = true;
	reader_write(&rq->reader, b->data, b->len);
}

void answer_begin(struct request *rq, int status, const char *type, int64_t length)
{
	AUTO_BUF struct buf b = { 0 };

	put_header(rq, &b, status, type, length);
	put_out(rq, &b);
}

int answer_write(struct request *rq, const void *data, size_t len)
{
	return rq->cgi.method == METHOD_HEAD ? 0 : reader_write(&rq->reader, data, len);
}

void answer_text(struct request *rq, int status, const char *type, const char *data, size_t len)
{
	AUTO_BUF struct buf b = { 0 };

	if (!rq->begun)
		put_header(rq, &b, status, type, (int64_t)len);
	if (rq->cgi.method != METHOD_HEAD && len > 0 && buf_add(&b, data, len) < 0)
		answer_die(rq);
	put_out(rq, &b);
}

void answer_empty(struct request *rq, int status)
{
	AUTO_BUF struct buf b = { 0 };

	put_header(rq, &b, status, NULL, -1);
	put_out(rq, &b);
}

void answer_json(struct request *rq, int status, const struct buf *body)
{
	answer_text(rq, status, "application/json", body->data ? body->data : "", body->len);
}

/* ---- problems --------------------------------------------------------------------- */

static const char *title(int status)
{
	return status == 400 ? "One or more validation errors occurred" : answer_reason(status);
}

void answer_put_problem(struct json_writer *w, int status, const char *detail)
{
	json_open(w, NULL, '{');
	json_put_text(w, "title", title(status));
	json_put_integer(w, "status", status);
	json_put_text(w, "detail", detail);
	json_close(w, '}');
}

void answer_problem(struct request *rq, int status, const char *fmt, ...)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	char detail[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	if (rq->problem) {
		rq->problem(rq, status, detail);
		return;
	}
	answer_put_problem(&w, status, detail);
	if (json_end_line(&w) < 0)
		answer_die(rq);
	answer_text(rq, status, "application/problem+json", b.data, b.len);
}

void answer_error(struct request *rq, int err, const struct cee_err *e)
{
	switch (err) {
	case EINVAL:
		answer_problem(rq, 400, "%s", e->msg);
		return;
	case ENOENT:
		answer_problem(rq, 404, "there is no such task");
		return;
	case EFBIG:
		answer_problem(rq, 413, "%s", e->msg);
		return;
	case EEXIST:
	case EBUSY:
		answer_problem(rq, 409, "%s", e->msg);
		return;
	case ENOSPC:
	case EDQUOT:
		answer_header(rq, "Retry-After", "60");
		answer_problem(rq, 503, "the spool has no room for more jobs at present");
		prog_error("%s", e->msg);
		return;
	case ETIMEDOUT:
		answer_header(rq, "Retry-After", "10");
		answer_problem(rq, 503, "no runner is alive to make this user's part of the spool; try again later");
		prog_error("%s", e->msg);
		return;
	default:
		/* system errors contain paths, so they go to the server's log only */
		prog_error("%s", e->msg);
		answer_problem(rq, 500, "cee failed, not the request; the server's log says how");
	}
}
