/* json_values.c - fields and typed values of a JSON tree, and messages that name them */
#include "base/json_values.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/nearest.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int json_wrong_type(struct cee_err *e, const char *path, const cJSON *v, const char *wanted)
{
	return json_wrong(e, path, "must be %s, not %s", wanted, type_of(v));
}

static int unknown_field(const char *path, const char *name, const struct json_field *table, struct cee_err *e)
{
	char full[JSON_PATH_MAX];
	const char *near = nearest_name(name, &table->name, sizeof *table);

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
		return json_wrong_type(e, path, object, "an object");
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

int json_string(const cJSON *v, const char *path, char **out, struct cee_err *e)
{
	char *s;

	if (!cJSON_IsString(v))
		return json_wrong_type(e, path, v, "a string");
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
		return json_wrong_type(e, path, v, "true or false");
	*out = cJSON_IsTrue(v);
	return 0;
}

int json_integer(const cJSON *v, const char *path, int64_t min, int64_t max, int64_t *out, struct cee_err *e)
{
	if (!cJSON_IsNumber(v))
		return json_wrong_type(e, path, v, "a number");
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
		return json_wrong_type(e, path, v, "an array of strings");
	if (count > max_count)
		return json_wrong(e, path, "has %zu entries (at most %zu)", count, max_count);
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
		return json_wrong_type(e, path, v, "an object of names and strings");
	if (count > ENV_MAX)
		return json_wrong(e, path, "has %d entries (at most %d)", count, ENV_MAX);
	*out = calloc((size_t)count + 1, sizeof **out);
	if (!*out)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (!env_name_valid(item->string))
			return json_wrong(e, full, "is not the name of a variable (use letters, digits and _)");
		if (!cJSON_IsString(item))
			return json_wrong_type(e, full, item, "a string");
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
		return json_wrong_type(e, path, v, "seconds or a text such as \"200ms\"");
	if ((cJSON_IsNumber(v) ? duration_number(v->valuedouble, us, &why) : duration_parse(v->valuestring, us, &why)) <
	    0)
		return json_wrong(e, path, "%s", why.msg);
	return 0;
}
