/* conf_values.h - values of cee.conf(5): parses a text into a typed member; errors do not name the key */
#ifndef CEE_CONF_VALUES_H
#define CEE_CONF_VALUES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* All return 0, or -1 with errno and a message, and free the member's previous value. */
int conf_text(char **s, const char *value, struct cee_err *e);
int conf_path(char **s, const char *value, struct cee_err *e);
int conf_name(char **s, const char *value, struct cee_err *e); /* a name that is used in requests to the engine */
int conf_integer(int64_t *n, const char *value, int64_t least, int64_t most, struct cee_err *e);
int conf_span(int64_t *us, const char *value, struct cee_err *e);     /* a duration; "forever" and "none" are -1 */
int conf_bound(int64_t *bytes, const char *value, struct cee_err *e); /* a size above 0; "none" is LIMIT_NONE */
/* The index of value in words, a list that ends with NULL. */
int conf_word(int *n, const char *value, const char *const *words, struct cee_err *e);
/* Names separated by commas or white space; each must pass check, unless that is NULL. */
int conf_list(char ***v, size_t *n, const char *value, int (*check)(const char *value, struct cee_err *e),
	      struct cee_err *e);

#endif
