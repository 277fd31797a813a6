/* job_values.h - values shared by several fields of a job, a language or a result
 *
 * Return values as in base/json_values.h: 0, or -1 with errno and a message in e that begins with path.
 */
#ifndef CEE_JOB_VALUES_H
#define CEE_JOB_VALUES_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	WORD_MAX = 64,	     /* bytes */
	ARGUMENTS_MAX = 4096 /* maximum number of a job's or a test's arguments */
};

/* A name of letters, digits and +#._- */
int json_word(const cJSON *v, const char *path, char **out, struct cee_err *e);
/* Text that is shown and compared, but is not a part of a path or a command: min to max bytes, no control characters. */
int json_printable(const cJSON *v, const char *path, size_t min, size_t max, char **out, struct cee_err *e);
int json_base64(const cJSON *v, const char *path, unsigned char **data, size_t *len, struct cee_err *e);
/* Bytes that a job may state as text (field NAME) or as base64 (NAME_base64), but not as both. */
int json_bytes(const cJSON *v, const char *path, const char *name, bool base64, unsigned char **data, size_t *len,
	       struct cee_err *e);
/* Is v null, false, "", "none", [] or {}? A field that is defined but not yet implemented accepts
 * only these values, so that jobs written for later versions can be tried. */
bool json_asks_nothing(const cJSON *v);

#endif
