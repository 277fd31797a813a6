/* job_values.c - values shared by several fields of a job, a language or a result */
#include "job/job_values.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

int json_word(const cJSON *v, const char *path, char **out, struct cee_err *e)
{
	if (json_string(v, path, out, e) < 0)
		return -1;
	if (!**out || strlen(*out) > WORD_MAX || !text_only(*out, LETTERS DIGITS "+#._-"))
		return json_wrong(e, path, "must be 1 to %d of letters, digits, '+', '#', '.', '_' and '-'", WORD_MAX);
	return 0;
}

int json_printable(const cJSON *v, const char *path, size_t min, size_t max, char **out, struct cee_err *e)
{
	size_t len;

	if (json_string(v, path, out, e) < 0)
		return -1;
	len = strlen(*out);
	if (len < min || len > max)
		return json_wrong(e, path, "must have %zu to %zu bytes", min, max);
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(*out + i, len - i);
		if (n == 0)
			return json_wrong(e, path, "must not contain control characters");
	}
	return 0;
}

int json_base64(const cJSON *v, const char *path, unsigned char **data, size_t *len, struct cee_err *e)
{
	if (!cJSON_IsString(v))
		return json_wrong(e, path, "must be a string of base64");
	if (base64_decode(v->valuestring, strlen(v->valuestring), data, len) < 0)
		return errno == ENOMEM
			       ? cee_no_memory(e)
			       : json_wrong(e, path,
					    "is not base64: standard alphabet, padded with '=', without line breaks");
	return 0;
}

int json_bytes(const cJSON *v, const char *path, const char *name, bool base64, unsigned char **data, size_t *len,
	       struct cee_err *e)
{
	char *text = NULL;

	if (*data)
		return json_wrong(e, path, "give %s or %s_base64, not both", name, name);
	if (base64)
		return json_base64(v, path, data, len, e);
	if (json_string(v, path, &text, e) < 0)
		return -1;
	*data = (unsigned char *)text;
	*len = strlen(text);
	return 0;
}

bool json_asks_nothing(const cJSON *v)
{
	if (cJSON_IsArray(v) || cJSON_IsObject(v))
		return !v->child;
	if (cJSON_IsString(v))
		return !*v->valuestring || strcmp(v->valuestring, "none") == 0;
	return cJSON_IsFalse(v) || cJSON_IsNull(v);
}
