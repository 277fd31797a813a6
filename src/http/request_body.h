/* request_body.h - the body of a request */
#ifndef CEE_HTTP_REQUEST_BODY_H
#define CEE_HTTP_REQUEST_BODY_H

#include "base/buf.h"
#include "base/error.h"
#include "http/cgi.h"

#include <stdint.h>

/* Reads the body, at most max bytes of it, from fd. 0, or a status and e: 411 without a length, 413 too
 * long (nothing is read), 408 it does not arrive, 400 it ends too soon. The caller releases body. */
int request_body(const struct cgi *q, int fd, int64_t max, struct buf *body, struct cee_err *e);

#endif
