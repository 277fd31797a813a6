/* compose_bytes.h - bytes of a job: read from a path, written as text or as base64 */
#ifndef CEE_JOB_COMPOSE_BYTES_H
#define CEE_JOB_COMPOSE_BYTES_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* The inputs of draft_text. Anything that can be read is taken, a pipe too ("-" is standard
 * input); never more than max. */
int draft_read(const char *path, size_t max, struct buf *in, bool *executable, struct cee_err *e);
/* Appends ,"NAME":... as text, or ,"BASE64":... where in is none. */
int draft_put_bytes(struct buf *out, const char *name, const char *base64, const struct buf *in);

#endif
