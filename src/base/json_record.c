/* json_record.c - writes and reads structs by tables of their members */
#include "base/json_record.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/time_text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TIME_MOST INT64_C(253402300799999999) /* the end of the year 9999, in microseconds */

#define MEMBER(type, m, base) ((type *)((char *)(base) + (m)->at))
#define CONST_MEMBER(type, m, base) ((const type *)((const char *)(base) + (m)->at))

static bool ends(const struct json_member *m)
{
	return !m->name && m->kind != JSON_INLINE;
}

/* ---- writing ------------------------------------------------------------------ */

static int64_t bounded(int64_t v, const struct json_member *m)
{
	if (m->flags & JSON_MASK)
		return v & m->most;
	return v < 0 ? 0 : v > m->most ? m->most : v;
}

static void put_text(struct json_writer *w, const struct json_member *m, const char *s)
{
	if (s || (m->flags & JSON_ALWAYS))
		json_put_text(w, m->name, s ? s : "");
}

static void put_int(struct json_writer *w, const struct json_member *m, int v)
{
	if (!(m->flags & (JSON_NULL_BELOW | JSON_OMIT_BELOW)) || v >= m->least)
		json_put_integer(w, m->name, bounded(v, m));
	else if (m->flags & JSON_NULL_BELOW)
		json_put_null(w, m->name);
}

static void put_time(struct json_writer *w, const char *name, int64_t us)
{
	char text[TIME_TEXT_MAX];

	if (us <= 0)
		return;
	time_format(text, us > TIME_MOST ? TIME_MOST : us);
	json_put_text(w, name, text);
}

static void put_seconds(struct json_writer *w, const char *name, int64_t us)
{
	json_put_seconds(w, name, us < 0 ? 0 : us > JSON_NUMBER_MOST ? JSON_NUMBER_MOST : us);
}

static void put_word(struct json_writer *w, const struct json_member *m, unsigned v)
{
	const char *word = m->words[v < m->nwords ? v : 0];

	if (word)
		json_put_text(w, m->name, word);
}

static void put_member(struct json_writer *w, const struct json_member *m, const void *from)
{
	switch (m->kind) {
	case JSON_TEXT:
		put_text(w, m, *CONST_MEMBER(char *, m, from));
		break;
	case JSON_FLAG:
		json_put_bool(w, m->name, *CONST_MEMBER(bool, m, from));
		break;
	case JSON_INT:
		put_int(w, m, *CONST_MEMBER(int, m, from));
		break;
	case JSON_NUMBER:
		json_put_integer(w, m->name, bounded(*CONST_MEMBER(int64_t, m, from), m));
		break;
	case JSON_SECONDS:
		put_seconds(w, m->name, *CONST_MEMBER(int64_t, m, from));
		break;
	case JSON_TIME:
		put_time(w, m->name, *CONST_MEMBER(int64_t, m, from));
		break;
	case JSON_WORD:
		put_word(w, m, *CONST_MEMBER(unsigned, m, from));
		break;
	case JSON_OBJECT:
		json_open(w, m->name, '{');
		json_put_members(w, m->fields, CONST_MEMBER(char, m, from));
		json_close(w, '}');
		break;
	case JSON_INLINE:
		json_put_members(w, m->fields, CONST_MEMBER(char, m, from));
		break;
	case JSON_OWN:
		if (m->put)
			m->put(w, m->name, from);
		break;
	}
}

void json_put_members(struct json_writer *w, const struct json_member *table, const void *from)
{
	for (const struct json_member *m = table; !ends(m); m++)
		if (!m->has || m->has(from))
			put_member(w, m, from);
}

char *json_line(const struct json_member *table, const void *from)
{
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_members(&w, table, from);
	json_close(&w, '}');
	if (json_written(&w) == 0 && buf_add(&b, "\n", 1) == 0)
		return b.data;
	buf_release(&b);
	errno = ENOMEM;
	return NULL;
}

/* ---- reading ------------------------------------------------------------------ */

static int get_int(const cJSON *v, const char *path, const struct json_member *m, int *out, struct cee_err *e)
{
	int64_t n = m->unknown;

	if (!cJSON_IsNull(v) && json_integer(v, path, 0, m->most, &n, e) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

int json_get_seconds(const cJSON *v, const char *path, int64_t *us, struct cee_err *e)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= (double)JSON_NUMBER_MOST / 1e6))
		return json_wrong(e, path, "must be seconds");
	*us = llround(v->valuedouble * 1e6);
	return 0;
}

static int get_time(const cJSON *v, const char *path, int64_t *us, struct cee_err *e)
{
	if (!cJSON_IsString(v) || time_parse(v->valuestring, us) < 0)
		return json_wrong(e, path, "must be a time such as 2026-01-31T12:00:00.000000Z");
	return 0;
}

static int get_word(const cJSON *v, const char *path, const struct json_member *m, unsigned *out, struct cee_err *e)
{
	if (!cJSON_IsString(v))
		return json_wrong_type(e, path, v, "a string");
	for (size_t i = 0; i < m->nwords; i++)
		if (m->words[i] && strcmp(m->words[i], v->valuestring) == 0) {
			*out = (unsigned)i;
			return 0;
		}
	return m->flags & JSON_STRICT ? json_wrong(e, path, "\"%.60s\" is not known to this version", v->valuestring)
				      : 0;
}

static int get_object(const cJSON *v, const char *path, const struct json_member *m, void *into, struct cee_err *e)
{
	const char *wrong;

	if (m->begin)
		m->begin(into);
	if (json_get_members(v, path, m->fields, MEMBER(char, m, into), e) < 0)
		return -1;
	wrong = m->fits ? m->fits(MEMBER(char, m, into)) : NULL;
	return wrong ? json_wrong(e, path, "%s", wrong) : 0;
}

static int get_member(const cJSON *v, const char *path, const struct json_member *m, void *into, struct cee_err *e)
{
	switch (m->kind) {
	case JSON_TEXT:
		return json_string(v, path, MEMBER(char *, m, into), e);
	case JSON_FLAG:
		return json_bool(v, path, MEMBER(bool, m, into), e);
	case JSON_INT:
		return get_int(v, path, m, MEMBER(int, m, into), e);
	case JSON_NUMBER:
		return json_integer(v, path, 0, m->most, MEMBER(int64_t, m, into), e);
	case JSON_SECONDS:
		return json_get_seconds(v, path, MEMBER(int64_t, m, into), e);
	case JSON_TIME:
		return get_time(v, path, MEMBER(int64_t, m, into), e);
	case JSON_WORD:
		return get_word(v, path, m, MEMBER(unsigned, m, into), e);
	case JSON_OBJECT:
		return get_object(v, path, m, into, e);
	case JSON_INLINE:
		break;
	case JSON_OWN:
		return m->get ? m->get(into, v, path, e) : 0;
	}
	return 0;
}

/* The member of that name, also in tables of JSON_INLINE members; *into becomes the struct that contains it. */
static const struct json_member *find(const struct json_member *table, const char *name, void **into)
{
	for (const struct json_member *m = table; !ends(m); m++) {
		if (m->kind == JSON_INLINE) {
			void *inner = MEMBER(char, m, *into);
			const struct json_member *found = find(m->fields, name, &inner);

			if (found) {
				*into = inner;
				return found;
			}
		} else if (strcmp(m->name, name) == 0) {
			return m;
		}
	}
	return NULL;
}

int json_get_members(const cJSON *object, const char *path, const struct json_member *table, void *into,
		     struct cee_err *e)
{
	const cJSON *v;

	if (!cJSON_IsObject(object))
		return json_wrong_type(e, path, object, "an object");
	cJSON_ArrayForEach(v, object)
	{
		void *owner = into;
		const struct json_member *m = find(table, v->string, &owner);
		char full[JSON_PATH_MAX];

		if (!m)
			continue;
		json_path(full, path, m->name, 0);
		if (get_member(v, full, m, owner, e) < 0)
			return -1;
	}
	return 0;
}
