/* json_member.c - reads one field of a JSON object without reading the whole of it (json_member.h) */
#include "base/json_member.h"
#include "base/json.h"

#include <cjson/cJSON.h>
#include <string.h>

static const char *after_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Past the string that begins at p; end, if the text ends within it. */
static const char *after_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : end;
}

/* At the comma or the bracket that follows the value at p; end, if the text ends before. */
static const char *after_value(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = after_string(p, end);
			continue;
		}
		if ((*p == ',' || *p == '}' || *p == ']') && depth == 0)
			return p;
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	}
	return end;
}

cJSON *json_member(const char *text, size_t len, const char *name)
{
	const char *end = text + len, *p = after_space(text, end);
	size_t want = strlen(name);

	if (p == end || *p != '{')
		return NULL;
	do {
		const char *key = after_space(p + 1, end), *value;

		if (key == end || *key != '"')
			return NULL;
		p = after_string(key, end);
		value = after_space(p, end);
		if (value == end || *value++ != ':')
			return NULL;
		if ((size_t)(p - key) == want + 2 && memcmp(key + 1, name, want) == 0)
			return json_parse(value, (size_t)(after_value(value, end) - value), NULL);
		p = after_value(value, end);
	} while (p < end && *p == ',');
	return NULL;
}
