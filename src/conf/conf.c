/* conf.c - cee.conf(5): lines "key = value"
 *
 * An invalid line is an error with its number and is never skipped: otherwise a misspelt
 * limit would not be in force. A comment begins with # at the start of a line or after
 * white space. conf_keys.c has the table of keys, conf_load.c finds the file.
 */
#include "conf/conf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/text.h"
#include "conf/conf_keys.h"
#include "conf/conf_limits.h"
#include "conf/conf_networks.h"
#include "layers/grammar.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 4096 }; /* bytes of a line */

/* The keys of the file so far. */
struct seen {
	bool key[CONF_KEYS_MOST];
	struct conf_limits_seen limits;
};

static int set_key(struct conf *c, const char *key, const char *value, struct seen *seen, struct cee_err *e)
{
	int r = conf_limits_set(c, key, value, &seen->limits, e);

	if (r > 0)
		r = conf_networks_set(c, key, value, e);
	return r <= 0 ? r : conf_set(c, key, value, seen->key, e);
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static void cut_comment(char *line)
{
	for (char *p = line; *p; p++) /* analyzer: the line ends with NUL */
		if (*p == '#' && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
			*p = '\0';
			return;
		}
}

static int conf_line(struct conf *c, const char *where, char *line, struct seen *seen, struct cee_err *e)
{
	struct cee_err why = { "" };
	char *key, *equals;

	cut_comment(line);
	key = trim(line);
	if (!*key)
		return 0;
	equals = strchr(key, '=');
	if (!equals)
		return cee_fail(e, EINVAL, "%s: \"%.60s\" is not of the form key = value", where, key);
	*equals = '\0';
	key = trim(key);
	if (set_key(c, key, trim(equals + 1), seen, &why) < 0)
		return cee_fail(e, errno, "%s: %.60s: %s", where, key, why.msg);
	return 0;
}

/* One line of text, at most VALUE_MAX bytes, into a string. */
static int line_copy(char line[VALUE_MAX], const char *text, size_t len, const char *where, struct cee_err *e)
{
	if (len >= VALUE_MAX)
		return cee_fail(e, EINVAL, "%s: the line is longer than %d bytes", where, VALUE_MAX - 1);
	if (memchr(text, 0, len) || !utf8_valid(text, len))
		return cee_fail(e, EINVAL, "%s: the line is not text (UTF-8 without NUL)", where);
	memcpy(line, text, len);
	line[len] = '\0';
	return 0;
}

int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct cee_err *e)
{
	struct seen seen = { 0 };
	char line[VALUE_MAX], where[300];

	for (int n = 1; len > 0; n++) {
		const char *nl = memchr(text, '\n', len);
		size_t take = nl ? (size_t)(nl - text) : len;

		snprintf(where, sizeof where, "%.250s:%d", file, n);
		if (line_copy(line, text, take, where, e) < 0 || conf_line(c, where, line, &seen, e) < 0)
			return -1;
		take += nl != NULL;
		text += take;
		len -= take;
	}
	if (conf_networks_complete(c, e) < 0)
		return cee_fail(e, EINVAL, "%.250s: %s", file, strdupa(e->msg));
	/* if a default could exceed the ceiling, a job without limits would get more than one may request */
	for (int p = 0; p < PHASE_COUNT; p++)
		limits_cap(&c->dflt[p], &c->max[p]);
	if (c->keep_max_us >= 0 && (c->keep_us < 0 || c->keep_us > c->keep_max_us))
		c->keep_us = c->keep_max_us;
	return 0;
}

bool conf_auto(const char *name)
{
	return name && strcmp(name, "auto") == 0;
}

const char *conf_named(const char *name)
{
	return name && *name && !conf_auto(name) ? name : NULL;
}

const char *conf_index(const struct conf *c, const char *grammar)
{
	int g = grammar_find(grammar);

	return g < 0 ? NULL : c->package_index[g];
}
