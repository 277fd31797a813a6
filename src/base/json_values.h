/* json_values.h - takes typed values out of a JSON tree; errors name the field by its path from the root
 *
 * All return 0, or -1 with errno EINVAL (or ENOMEM) and a message in e, which may be NULL:
 * "PATH: what is wrong (what would be right)".
 */
#ifndef CEE_BASE_JSON_VALUES_H
#define CEE_BASE_JSON_VALUES_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_PATH_MAX = 160, /* bytes of a path with its NUL; longer ones are cut */
	JSON_ENV_MAX = 65536 /* bytes of NAME=value, so that it fits one frame */
};

/* The fields of an object by a table: set gets the field's value and its path
 * ("limits.run.cpu"). A name that the table lacks is an error which names it and, if one is
 * near, the right one; with JSON_LENIENT it is skipped. */
struct json_field {
	const char *name;
	int (*set)(void *into, const cJSON *v, const char *path, struct cee_err *e);
};
#define JSON_LENIENT 1u
int json_fields(const cJSON *object, const char *path, const struct json_field *table, unsigned flags, void *into,
		struct cee_err *e);

int json_wrong(struct cee_err *e, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "PATH: must be WANTED, not TYPE" */
int json_wrong_type(struct cee_err *e, const char *path, const cJSON *v, const char *wanted);
/* The path of a member (or, where member is NULL, of an element) beneath path; "" is the root. */
void json_path(char out[JSON_PATH_MAX], const char *path, const char *member, int index);

/* Values. *out is malloc'ed; its previous value is freed. */
int json_string(const cJSON *v, const char *path, char **out, struct cee_err *e);
int json_bool(const cJSON *v, const char *path, bool *out, struct cee_err *e);
int json_integer(const cJSON *v, const char *path, int64_t min, int64_t max, int64_t *out, struct cee_err *e);
/* An array of at most max_count strings of at most max_len bytes each. *out has *n strings and a final NULL,
 * also on error, when the caller frees it too. */
int json_strings(const cJSON *v, const char *path, size_t max_count, size_t max_len, char ***out, size_t *n,
		 struct cee_err *e);
/* {"NAME": "value"} as NAME=value; *out as in json_strings. */
int json_env(const cJSON *v, const char *path, char ***out, size_t *n, struct cee_err *e);
/* Seconds or a text such as "200ms", into microseconds. */
int json_duration(const cJSON *v, const char *path, int64_t *us, struct cee_err *e);

#endif
