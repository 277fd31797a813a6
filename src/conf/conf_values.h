/* conf_values.h - values of cee.conf(5): a text becomes a typed member, or an error without the key's name */
#ifndef CEE_CONF_VALUES_H
#define CEE_CONF_VALUES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* 0, or -1 with errno and a message; what the member held before is freed. */
int conf_text(char **s, const char *value, struct cee_err *e);
int conf_path(char **s, const char *value, struct cee_err *e);
int conf_name(char **s, const char *value, struct cee_err *e); /* a name that ends up in a request to the engine */
int conf_integer(int64_t *n, const char *value, int64_t least, int64_t most, struct cee_err *e);
int conf_span(int64_t *us, const char *value, struct cee_err *e); /* a duration; "forever" is -1 */
/* One of words, which end with NULL, by its index. */
int conf_word(int *n, const char *value, const char *const *words, struct cee_err *e);
/* Names with commas or white space between, each as check wants it (NULL: all will do). */
int conf_list(char ***v, size_t *n, const char *value, int (*check)(const char *value, struct cee_err *e),
	      struct cee_err *e);

#endif
