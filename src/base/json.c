/* json.c - the scanner of strict JSON, and the tree
 *
 * First a scanner checks the whole text; then cJSON builds the tree of a text that
 * is known to be valid. So untrusted input cannot reach a weakness of the tree
 * builder, and errors have a position.
 */
#include "base/json.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 63 }; /* cJSON cuts longer numbers */

/* ---- the scanner ------------------------------------------------------- */

struct scan {
	const char *start, *p, *end;
	size_t values;
	struct cee_err *e;
};

static int scan_fail(struct scan *s, const char *what)
{
	size_t line = 1, column = 1;

	for (const char *q = s->start; q < s->p; q++) {
		column = *q == '\n' ? 1 : column + 1;
		line += *q == '\n';
	}
	return cee_fail(s->e, EINVAL, "not JSON: line %zu, column %zu: %s", line, column, what);
}

static void scan_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* The four digits after \u, or -1. */
static int scan_hex(struct scan *s)
{
	int v = 0;

	if (s->end - s->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *s->p++;
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

static int scan_unicode(struct scan *s)
{
	int v = scan_hex(s);

	if (v < 0)
		return scan_fail(s, "\\u needs four hexadecimal digits");
	if (v == 0)
		return scan_fail(s, "\\u0000 is not allowed: use base64 for binary data");
	if (v >= 0xDC00 && v <= 0xDFFF)
		return scan_fail(s, "the second half of a surrogate pair without its first");
	if (v < 0xD800 || v > 0xDBFF)
		return 0;
	if (s->end - s->p >= 2 && s->p[0] == '\\' && s->p[1] == 'u') {
		s->p += 2;
		v = scan_hex(s);
		if (v >= 0xDC00 && v <= 0xDFFF)
			return 0;
	}
	return scan_fail(s, "the first half of a surrogate pair without its second");
}

static int scan_escape(struct scan *s)
{
	char c = s->p < s->end ? *s->p++ : '\0';

	if (c == 'u')
		return scan_unicode(s);
	if (c && strchr("\"\\/bfnrt", c))
		return 0;
	return scan_fail(s, "unknown escape after \\: a backslash itself is written \\\\");
}

static int scan_string(struct scan *s)
{
	s->p++;
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p++;
		if (c == '"')
			return 0;
		if (c == '\\' && scan_escape(s) < 0)
			return -1;
		if (c == '\0')
			return scan_fail(s, "a NUL byte in a string: use base64 for binary data");
		if (c < 0x20 && c != '\n' && c != '\r' && c != '\t')
			return scan_fail(s, "a control character in a string: write it as \\u00XX");
	}
	return scan_fail(s, "the text ends inside a string");
}

static size_t scan_digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - start);
}

static int scan_number(struct scan *s)
{
	const char *start = s->p;
	size_t n;

	if (*s->p == '-')
		s->p++;
	start = s->p;
	n = scan_digits(s);
	if (n == 0 || (n > 1 && *start == '0'))
		return scan_fail(s, "a number begins with one digit, or more without a leading 0");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (scan_digits(s) == 0)
			return scan_fail(s, "digits must follow the point of a number");
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (scan_digits(s) == 0)
			return scan_fail(s, "digits must follow the exponent of a number");
	}
	if (s->p - start >= NUMBER_MAX)
		return scan_fail(s, "a number of more than 62 characters");
	return 0;
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);
		if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i], n) == 0) {
			s->p += n;
			return 0;
		}
	}
	return scan_fail(s, "a value must stand here");
}

static int scan_value(struct scan *s, int depth);

static int scan_member(struct scan *s, int depth)
{
	if (s->p >= s->end || *s->p != '"')
		return scan_fail(s, "a field's name in double quotes must stand here");
	if (scan_string(s) < 0)
		return -1;
	scan_space(s);
	if (s->p >= s->end || *s->p != ':')
		return scan_fail(s, "a colon must follow a field's name");
	s->p++;
	return scan_value(s, depth);
}

/* An object or an array: they differ only in their brackets and members. */
static int scan_group(struct scan *s, int depth)
{
	char close = *s->p++ == '{' ? '}' : ']';

	if (depth > JSON_DEPTH)
		return scan_fail(s, "nested too deep");
	scan_space(s);
	if (s->p < s->end && *s->p == close) {
		s->p++;
		return 0;
	}
	for (;;) {
		scan_space(s);
		if ((close == '}' ? scan_member(s, depth) : scan_value(s, depth)) < 0)
			return -1;
		scan_space(s);
		if (s->p >= s->end)
			return scan_fail(s, close == '}' ? "the text ends inside an object"
							 : "the text ends inside an array");
		if (*s->p == close) {
			s->p++;
			return 0;
		}
		if (*s->p != ',')
			return scan_fail(s, close == '}' ? "a comma or } must stand here"
							 : "a comma or ] must stand here");
		s->p++;
	}
}

static int scan_value(struct scan *s, int depth)
{
	scan_space(s);
	if (++s->values > JSON_VALUES)
		return scan_fail(s, "too many values");
	if (s->p >= s->end)
		return scan_fail(s, "the text ends where a value must stand");
	switch (*s->p) {
	case '{':
	case '[':
		return scan_group(s, depth + 1);
	case '"':
		return scan_string(s);
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return scan_number(s);
	default:
		return scan_word(s);
	}
}

static int scan_text(const char *text, size_t len, struct cee_err *e)
{
	struct scan s = { .start = text, .p = text, .end = text + len, .e = e };

	if (!utf8_valid(text, len))
		return cee_fail(e, EINVAL, "not JSON: not UTF-8: use base64 for binary data");
	if (scan_value(&s, 0) < 0)
		return -1;
	scan_space(&s);
	return s.p == s.end ? 0 : scan_fail(&s, "something follows the end of the value");
}

/* ---- duplicate keys ----------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the keys, since an object may have very many members. */
static int object_keys_differ(const cJSON *object, struct cee_err *e)
{
	size_t n = (size_t)cJSON_GetArraySize(object), i = 0;
	AUTO_FREE const char **keys = malloc((n + 1) * sizeof *keys);
	const cJSON *v;

	if (!keys)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(v, object) keys[i++] = v->string;
	qsort(keys, n, sizeof *keys, by_name);
	for (i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return cee_fail(e, EINVAL, "%.60s: duplicate field", keys[i]);
	return 0;
}

static int keys_differ(const cJSON *v, struct cee_err *e)
{
	if (cJSON_IsObject(v) && object_keys_differ(v, e) < 0)
		return -1;
	for (const cJSON *c = v->child; c; c = c->next)
		if (c->child && keys_differ(c, e) < 0)
			return -1;
	return 0;
}

cJSON *json_parse(const char *text, size_t len, struct cee_err *e)
{
	cJSON *v;

	if (scan_text(text, len, e) < 0)
		return NULL;
	v = cJSON_ParseWithLength(text, len);
	if (!v) {
		cee_fail(e, ENOMEM, "out of memory");
		return NULL;
	}
	if (keys_differ(v, e) < 0) {
		cJSON_Delete(v);
		return NULL;
	}
	return v;
}
