/* json.h - strict JSON for the parsers of libcee (json.c); no other part includes it
 *
 * cJSON builds the tree; what it would let pass is refused before: everything
 * that RFC 8259 does not allow, and besides that duplicate keys, NUL in any
 * spelling, bytes that are no UTF-8, lone surrogates, more than JSON_DEPTH levels
 * and more than JSON_VALUES values. One thing more than the RFC is let through:
 * raw line breaks and tabs inside strings, since shells send them.
 */
#ifndef CEE_JSON_H
#define CEE_JSON_H

#include "base/buf.h"
#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_DEPTH = 32,
	JSON_VALUES = 200000,
	JSON_PATH_MAX = 160,
	JSON_ENV_MAX = 65536 /* NAME=value fits one frame */
};

/* NULL on error: EINVAL and e says where. Freed with cJSON_Delete. */
cJSON *json_parse(const char *text, size_t len, struct cee_err *e);
static inline void json_free_ptr(cJSON **p)
{
	cJSON_Delete(*p);
}
#define AUTO_JSON __attribute__((cleanup(json_free_ptr)))

/* An object's fields by a table: set gets the field's value and its path from the
 * root ("limits.run.cpu") for messages. A name that the table lacks is an error
 * which names it and, if one is near, the right one; with JSON_LENIENT it is skipped. */
struct json_field {
	const char *name;
	int (*set)(void *into, const cJSON *v, const char *path, struct cee_err *e);
};
#define JSON_LENIENT 1u
int json_fields(const cJSON *object, const char *path, const struct json_field *table, unsigned flags, void *into,
		struct cee_err *e);

/* "PATH: WHAT"; -1 EINVAL */
int json_wrong(struct cee_err *e, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The path of a member or an element beneath path ("" is the root). */
void json_path(char out[JSON_PATH_MAX], const char *path, const char *member, int index);

/* Values. *out is malloc'ed; what it held before is freed. */
int json_string(const cJSON *v, const char *path, char **out, struct cee_err *e);
int json_bool(const cJSON *v, const char *path, bool *out, struct cee_err *e);
int json_integer(const cJSON *v, const char *path, int64_t min, int64_t max, int64_t *out, struct cee_err *e);
/* An array of at most max_count strings, each at most max_len bytes; NULL-terminated besides. */
int json_strings(const cJSON *v, const char *path, size_t max_count, size_t max_len, char ***out, size_t *n,
		 struct cee_err *e);
/* {"NAME": "value"} as NAME=value */
int json_env(const cJSON *v, const char *path, char ***out, size_t *n, struct cee_err *e);
/* seconds or "200ms" */
int json_duration(const cJSON *v, const char *path, int64_t *us, struct cee_err *e);


/* The one of names (NULL-terminated, step bytes from one to the next) that a slip of the
 * keyboard would have made name of, or NULL. */
const char *json_nearest(const char *name, const char *const *names, size_t step);


/* Writing. Bytes that are no UTF-8 become U+FFFD. */
int json_quote(struct buf *b, const char *s);
int json_quote_all(struct buf *b, char *const *v, size_t n); /* ["a","b"] */
int json_seconds(struct buf *b, int64_t us);		     /* 1.000250 */

#endif
