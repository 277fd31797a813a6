/* request_body.c - the body of a request: its length is known and in bounds before a byte is read */
#include "http/request_body.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/cgi.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

enum { BODY_IDLE_MS = 30000, BODY_BLOCK = 65536 }; /* without a byte for so long it will not come */

static int refuse(struct cee_err *e, int status, const char *what)
{
	cee_fail(e, EINVAL, "%s", what);
	return status;
}

/* Up to n more bytes: how many, 0 at the end, -1 with errno (ETIME: none came). */
static ssize_t more(int fd, char *to, size_t n)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got;
	int r;

	do {
		r = poll(&p, 1, BODY_IDLE_MS);
		got = r > 0 ? read(fd, to, n) : r;
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (r == 0) {
		errno = ETIME;
		return -1;
	}
	return got;
}

int request_body(const struct cgi *q, int fd, int64_t max, struct buf *body, struct cee_err *e)
{
	char block[BODY_BLOCK];

	if (q->length < 0)
		return refuse(e, 411, "the body's length is unknown: send Content-Length");
	if (q->length > max) {
		cee_fail(e, EFBIG, "the body has %" PRId64 " bytes (at most %" PRId64 ")", q->length, max);
		return 413;
	}
	for (int64_t left = q->length; left > 0;) {
		ssize_t n = more(fd, block, left < BODY_BLOCK ? (size_t)left : BODY_BLOCK);

		if (n < 0 && errno == ETIME)
			return refuse(e, 408, "the body did not arrive in time");
		if (n <= 0)
			return refuse(e, 400, "the body ends before its Content-Length");
		if (buf_add(body, block, (size_t)n) < 0)
			return refuse(e, 500, "out of memory");
		left -= n;
	}
	return 0;
}
