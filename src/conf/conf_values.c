/* conf_values.c - values of cee.conf(5): texts, paths, numbers, words, lists */
#include "conf/conf_values.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/strv.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MOST = 64 };

int conf_text(char **s, const char *value, struct cee_err *e)
{
	char *copy = strdup(value);

	if (!copy)
		return cee_no_memory(e);
	free(*s);
	*s = copy;
	return 0;
}

int conf_path(char **s, const char *value, struct cee_err *e)
{
	if (!*value)
		return cee_fail(e, EINVAL, "is empty (write a path)");
	if (strlen(value) >= PATH_MAX / 2)
		return cee_fail(e, EINVAL, "the path is too long (at most %d bytes)", PATH_MAX / 2 - 1);
	return conf_text(s, value, e);
}

int conf_name(char **s, const char *value, struct cee_err *e)
{
	if (!text_only(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"))
		return cee_fail(e, EINVAL, "\"%.60s\" is not a valid name (use letters, digits, '.', '_' and '-')",
				value);
	return conf_text(s, value, e);
}

/* Decimal digits only. */
int conf_integer(int64_t *n, const char *value, int64_t least, int64_t most, struct cee_err *e)
{
	int64_t v = -1;

	if (*value && text_only(value, "0123456789") && strlen(value) <= 18)
		v = strtoll(value, NULL, 10);
	if (v < least || v > most)
		return cee_fail(e, EINVAL, "must be a whole number from %" PRId64 " to %" PRId64 ", not \"%.60s\"",
				least, most, value);
	*n = v;
	return 0;
}

int conf_span(int64_t *us, const char *value, struct cee_err *e)
{
	if (strcmp(value, "forever") != 0 && strcmp(value, "none") != 0)
		return duration_parse(value, us, e);
	*us = -1;
	return 0;
}

int conf_bound(int64_t *bytes, const char *value, struct cee_err *e)
{
	if (strcmp(value, "none") == 0) {
		*bytes = LIMIT_NONE;
		return 0;
	}
	if (size_parse(value, bytes, e) < 0)
		return -1;
	return *bytes > 0 ? 0 : cee_fail(e, EINVAL, "must be a size above 0, or none");
}

static int unknown_word(const char *value, const char *const *words, struct cee_err *e)
{
	char list[200] = "";

	for (size_t i = 0; words[i]; i++) {
		const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
		size_t n = strlen(list);

		snprintf(list + n, sizeof list - n, "%s%s", between, words[i]);
	}
	return cee_fail(e, EINVAL, "must be %s, not \"%.60s\"", list, value);
}

int conf_word(int *n, const char *value, const char *const *words, struct cee_err *e)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(value, words[i]) == 0) {
			*n = i;
			return 0;
		}
	return unknown_word(value, words, e);
}

int conf_list(char ***v, size_t *n, const char *value, int (*check)(const char *value, struct cee_err *e),
	      struct cee_err *e)
{
	AUTO_FREE char *copy = strdup(value);
	char *save = NULL;

	strv_release(*v, *n);
	*n = 0;
	*v = calloc(LIST_MOST + 1, sizeof **v);
	if (!copy || !*v)
		return cee_no_memory(e);
	for (char *w = strtok_r(copy, " ,\t", &save); w; w = strtok_r(NULL, " ,\t", &save)) {
		if (*n == LIST_MOST)
			return cee_fail(e, EINVAL, "has more than %d entries", LIST_MOST);
		if ((check && check(w, e) < 0) || conf_text(&(*v)[*n], w, e) < 0)
			return -1;
		++*n;
	}
	return 0;
}
