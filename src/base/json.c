/* json.c - strict JSON: what json.h says
 *
 * First a scanner goes over the whole text and decides; then cJSON makes the
 * tree of a text that is known to be well formed. So a weakness of the tree
 * builder is out of reach of whoever wrote the text, and errors have a place.
 */
#include "base/json.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_limits.h"
#include "base/limit.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 63 }; /* cJSON cuts longer ones */

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
		return scan_fail(s, "\\u0000 is not allowed: bytes that are no text go into base64");
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
			return scan_fail(s, "a NUL byte in a string: bytes that are no text go into base64");
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

/* An object or an array: the same but for their brackets and members. */
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
		return cee_fail(e, EINVAL, "not JSON: not UTF-8: bytes that are no text go into base64");
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

/* Sorted, since an object may have as many members as the text has room for. */
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
			return cee_fail(e, EINVAL, "%.60s: stands twice", keys[i]);
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

/* ---- messages ----------------------------------------------------------- */

int json_wrong(struct cee_err *e, const char *path, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (!*path)
		return cee_fail(e, EINVAL, "%s", what);
	return cee_fail(e, EINVAL, "%s: %s", path, what);
}

void json_path(char out[JSON_PATH_MAX], const char *path, const char *member, int index)
{
	if (member)
		snprintf(out, JSON_PATH_MAX, "%.100s%s%.50s", path, *path ? "." : "", member);
	else
		snprintf(out, JSON_PATH_MAX, "%.100s[%d]", path, index);
}

static const char *type_of(const cJSON *v)
{
	if (cJSON_IsString(v))
		return "a string";
	if (cJSON_IsNumber(v))
		return "a number";
	if (cJSON_IsBool(v))
		return "true or false";
	if (cJSON_IsArray(v))
		return "an array";
	if (cJSON_IsObject(v))
		return "an object";
	return "null";
}

static int wrong_type(struct cee_err *e, const char *path, const cJSON *v, const char *wanted)
{
	return json_wrong(e, path, "must be %s, not %s", wanted, type_of(v));
}

enum { NEAR_MAX = 40 };

/* How many letters to put in, leave out or change; two that changed places count as one. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), d[3][NEAR_MAX + 1];

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = d[i % 3], *last = d[(i + 2) % 3], *before = d[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return d[la % 3][lb];
}

const char *json_nearest(const char *name, const char *const *names, size_t step)
{
	const char *best = NULL;
	size_t least = strlen(name) <= 4 ? 2 : 3; /* below it is near */

	while (*names) {
		size_t d = distance(name, *names);
		if (d < least) {
			least = d;
			best = *names;
		}
		names = (const char *const *)((const char *)names + step);
	}
	return best;
}

/* ---- objects ------------------------------------------------------------ */

static int unknown_field(const char *path, const char *name, const struct json_field *table, struct cee_err *e)
{
	char full[JSON_PATH_MAX];
	const char *near = json_nearest(name, &table->name, sizeof *table);

	json_path(full, path, name, 0);
	if (near)
		return json_wrong(e, full, "unknown field; did you mean \"%s\"?", near);
	return json_wrong(e, full, "unknown field");
}

int json_fields(const cJSON *object, const char *path, const struct json_field *table, unsigned flags, void *into,
		struct cee_err *e)
{
	const cJSON *v;

	if (!cJSON_IsObject(object))
		return wrong_type(e, path, object, "an object");
	cJSON_ArrayForEach(v, object)
	{
		const struct json_field *f = table;
		char full[JSON_PATH_MAX];

		while (f->name && strcmp(f->name, v->string) != 0)
			f++;
		if (!f->name && (flags & JSON_LENIENT))
			continue;
		if (!f->name)
			return unknown_field(path, v->string, table, e);
		json_path(full, path, f->name, 0);
		if (f->set(into, v, full, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- values ------------------------------------------------------------- */

int json_string(const cJSON *v, const char *path, char **out, struct cee_err *e)
{
	char *s;

	if (!cJSON_IsString(v))
		return wrong_type(e, path, v, "a string");
	s = strdup(v->valuestring);
	if (!s)
		return cee_fail(e, ENOMEM, "out of memory");
	free(*out);
	*out = s;
	return 0;
}

int json_bool(const cJSON *v, const char *path, bool *out, struct cee_err *e)
{
	if (!cJSON_IsBool(v))
		return wrong_type(e, path, v, "true or false");
	*out = cJSON_IsTrue(v);
	return 0;
}

int json_integer(const cJSON *v, const char *path, int64_t min, int64_t max, int64_t *out, struct cee_err *e)
{
	if (!cJSON_IsNumber(v))
		return wrong_type(e, path, v, "a number");
	if (!(v->valuedouble >= (double)min && v->valuedouble <= (double)max) ||
	    v->valuedouble != floor(v->valuedouble))
		return json_wrong(e, path, "must be a whole number from %" PRId64 " to %" PRId64, min, max);
	*out = (int64_t)v->valuedouble;
	return 0;
}

int json_strings(const cJSON *v, const char *path, size_t max_count, size_t max_len, char ***out, size_t *n,
		 struct cee_err *e)
{
	size_t count = cJSON_IsArray(v) ? (size_t)cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return wrong_type(e, path, v, "an array of strings");
	if (count > max_count)
		return json_wrong(e, path, "has %zu entries, %zu is the most", count, max_count);
	*out = calloc(count + 1, sizeof **out);
	if (!*out)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, NULL, (int)*n);
		if (json_string(item, full, &(*out)[*n], e) < 0)
			return -1;
		if (strlen((*out)[(*n)++]) > max_len)
			return json_wrong(e, full, "is longer than %zu bytes", max_len);
	}
	return 0;
}

static bool env_name_valid(const char *s)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return false;
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

int json_env(const cJSON *v, const char *path, char ***out, size_t *n, struct cee_err *e)
{
	enum { ENV_MAX = 1024 };
	const cJSON *item;
	int count = cJSON_IsObject(v) ? cJSON_GetArraySize(v) : 0;

	if (!cJSON_IsObject(v))
		return wrong_type(e, path, v, "an object of names and strings");
	if (count > ENV_MAX)
		return json_wrong(e, path, "has %d entries, %d is the most", count, ENV_MAX);
	*out = calloc((size_t)count + 1, sizeof **out);
	if (!*out)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (!env_name_valid(item->string))
			return json_wrong(e, full, "is no name of a variable: letters, digits and _ make one");
		if (!cJSON_IsString(item))
			return wrong_type(e, full, item, "a string");
		if (strlen(item->string) + 1 + strlen(item->valuestring) > JSON_ENV_MAX)
			return json_wrong(e, full, "is longer than %d bytes", JSON_ENV_MAX);
		if (asprintf(&(*out)[*n], "%s=%s", item->string, item->valuestring) < 0) {
			(*out)[*n] = NULL;
			return cee_fail(e, ENOMEM, "out of memory");
		}
		++*n;
	}
	return 0;
}

int json_duration(const cJSON *v, const char *path, int64_t *us, struct cee_err *e)
{
	struct cee_err why;

	if (!cJSON_IsNumber(v) && !cJSON_IsString(v))
		return wrong_type(e, path, v, "seconds or a text such as \"200ms\"");
	if ((cJSON_IsNumber(v) ? duration_number(v->valuedouble, us, &why) : duration_parse(v->valuestring, us, &why)) <
	    0)
		return json_wrong(e, path, "%s", why.msg);
	return 0;
}

/* ---- limits ------------------------------------------------------------- */

static int limit_value(const cJSON *v, enum limit_id id, const char *path, struct limits *l, struct cee_err *e)
{
	struct cee_err why;

	if (!cJSON_IsNumber(v) && !cJSON_IsString(v))
		return wrong_type(e, path, v, "a number or a string");
	if (l->v[id] >= 0)
		return json_wrong(e, path, "is set twice: what stands in limits itself is the run's");
	if ((cJSON_IsNumber(v) ? limit_number(id, v->valuedouble, &l->v[id], &why)
			       : limit_parse(id, v->valuestring, &l->v[id], &why)) < 0)
		return json_wrong(e, path, "%s", why.msg);
	return 0;
}

/* For messages: the names of the limits, then the others that may stand there. */
static int unknown_limit(const char *name, const char *path, bool phases, bool stop, struct cee_err *e)
{
	const char *names[LIMIT_COUNT + 4] = { 0 };
	const char *near;
	int n = 0;

	for (; n < LIMIT_COUNT; n++)
		names[n] = limit_name[n];
	if (phases) {
		names[n++] = "compile";
		names[n++] = "run";
	}
	if (stop)
		names[n++] = "stop";
	near = json_nearest(name, names, sizeof *names);
	if (near)
		return json_wrong(e, path, "unknown limit; did you mean \"%s\"?", near);
	return json_wrong(e, path,
			  "unknown limit; there are cpu, wall, memory, processes, output, "
			  "file_size, disk, inodes, open_files, stack");
}

int json_limits(const cJSON *v, const char *path, struct limits *l, struct cee_err *e)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return wrong_type(e, path, v, "an object of limits");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		int id = limit_find(item->string);

		json_path(full, path, item->string, 0);
		if (id < 0)
			return unknown_limit(item->string, full, false, false, e);
		if (limit_value(item, (enum limit_id)id, full, l, e) < 0)
			return -1;
	}
	return 0;
}

static int stop_value(const cJSON *v, const char *path, bool *stop, struct cee_err *e)
{
	if (cJSON_IsString(v) && strcmp(v->valuestring, "output") == 0)
		*stop = true;
	else if (cJSON_IsString(v) && strcmp(v->valuestring, "never") == 0)
		*stop = false;
	else
		return json_wrong(e, path, "must be \"output\" or \"never\"");
	return 0;
}

static int phase_limit(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop, struct cee_err *e)
{
	int id = limit_find(v->string);

	if (id >= 0)
		return limit_value(v, (enum limit_id)id, path, &l[PHASE_RUN], e);
	if (strcmp(v->string, "run") == 0)
		return json_limits(v, path, &l[PHASE_RUN], e);
	if (strcmp(v->string, "compile") == 0)
		return json_limits(v, path, &l[PHASE_COMPILE], e);
	if (stop && strcmp(v->string, "stop") == 0)
		return stop_value(v, path, stop, e);
	return unknown_limit(v->string, path, true, stop, e);
}

int json_phase_limits(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop_on_output,
		      struct cee_err *e)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return wrong_type(e, path, v, "an object of limits");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (phase_limit(item, full, l, stop_on_output, e) < 0)
			return -1;
	}
	if (l[PHASE_COMPILE].v[LIMIT_DISK] >= 0 || l[PHASE_COMPILE].v[LIMIT_INODES] >= 0)
		return json_wrong(e, path, "disk and inodes are the whole job's: set them beside compile, not in it");
	return 0;
}

/* ---- writing ------------------------------------------------------------ */

/* How many bytes from s on may stand in a JSON string as they are. */
static size_t plain_run(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] != '"' && s[i] != '\\') {
		size_t n = utf8_printable(s + i, len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

static int quote_one(struct buf *b, const char *s, size_t len, size_t *used)
{
	unsigned char c = (unsigned char)s[0];

	*used = 1;
	switch (c) {
	case '"':
		return buf_add(b, "\\\"", 2);
	case '\\':
		return buf_add(b, "\\\\", 2);
	case '\n':
		return buf_add(b, "\\n", 2);
	case '\t':
		return buf_add(b, "\\t", 2);
	case '\r':
		return buf_add(b, "\\r", 2);
	default:
		break;
	}
	if (c < 0x20 || c == 0x7F)
		return buf_printf(b, "\\u%04x", c);
	if (c == 0xC2 && len > 1 && ((unsigned char)s[1] & 0xE0) == 0x80) { /* C1 */
		*used = 2;
		return buf_printf(b, "\\u%04x", (unsigned char)s[1]);
	}
	return buf_add(b, "\xEF\xBF\xBD", 3);
}

int json_quote(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	if (buf_add(b, "\"", 1) < 0)
		return -1;
	while (len > 0) {
		size_t n = plain_run(s, len), used = 0;
		if (n > 0 && buf_add(b, s, n) < 0)
			return -1;
		if (n < len && quote_one(b, s + n, len - n, &used) < 0)
			return -1;
		s += n + used;
		len -= n + used;
	}
	return buf_add(b, "\"", 1);
}

int json_quote_all(struct buf *b, char *const *v, size_t n)
{
	if (buf_add(b, "[", 1) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if ((i > 0 && buf_add(b, ",", 1) < 0) || json_quote(b, v[i]) < 0)
			return -1;
	return buf_add(b, "]", 1);
}

int json_seconds(struct buf *b, int64_t us)
{
	return buf_printf(b, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

int json_limits_write(struct buf *b, const struct limits *l)
{
	const char *sep = "{";

	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (l->v[i] < 0)
			continue;
		if (buf_printf(b, "%s\"%s\":", sep, limit_name[i]) < 0 ||
		    (limit_unit[i] == UNIT_TIME ? json_seconds(b, l->v[i]) : buf_printf(b, "%" PRId64, l->v[i])) < 0)
			return -1;
		sep = ",";
	}
	return buf_printf(b, "%s}", *sep == '{' ? "{" : "");
}
