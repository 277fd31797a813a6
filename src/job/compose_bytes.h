/* compose_bytes.h - bytes of a job: read from a path, written as text or as base64 */
#ifndef CEE_JOB_COMPOSE_BYTES_H
#define CEE_JOB_COMPOSE_BYTES_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads an input of compose_text: any readable file, a pipe too ("-" is standard
 * input); at most max bytes. */
int compose_read(const char *path, size_t max, struct buf *in, bool *executable, struct cee_err *e);
/* Writes a field called name with in as text, or one called base64 if in is not text. -1 ENOMEM: not written. */
int compose_put_bytes(struct json_writer *w, const char *name, const char *base64, const struct buf *in);

#endif
