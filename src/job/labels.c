/* labels.c - labels of a job and of a result: an object of names and strings */
#include "job/labels.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/text.h"
#include "job/job_values.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS_MAX = 64, LABEL_VALUE_MAX = 256 };

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static int label(struct job_label *l, const cJSON *v, const char *path, struct cee_err *e)
{
	if (!*v->string || strlen(v->string) > WORD_MAX || !text_only(v->string, LETTERS DIGITS "._/-"))
		return json_wrong(e, path, "a label's name must be 1 to %d of letters, digits, '.', '_', '/' and '-'",
				  WORD_MAX);
	if (json_printable(v, path, 0, LABEL_VALUE_MAX, &l->value, e) < 0)
		return -1;
	l->name = strdup(v->string);
	return l->name ? 0 : cee_no_memory(e);
}

int json_labels(const cJSON *v, const char *path, struct job_label **labels, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsObject(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong(e, path, "must be an object of names and strings");
	if (count > LABELS_MAX)
		return json_wrong(e, path, "has %d labels (at most %d)", count, LABELS_MAX);
	*labels = calloc((size_t)count + 1, sizeof **labels);
	if (!*labels)
		return cee_no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (label(&(*labels)[(*n)++], item, full, e) < 0)
			return -1;
	}
	return 0;
}

bool labels_have(const struct job_label *l, size_t n, const char *wanted)
{
	size_t len = strcspn(wanted, "=");

	for (size_t i = 0; i < n; i++)
		if (wanted[len] && strlen(l[i].name) == len && memcmp(l[i].name, wanted, len) == 0 &&
		    strcmp(l[i].value, wanted + len + 1) == 0)
			return true;
	return false;
}

void json_put_labels(struct json_writer *w, const char *name, const struct job_label *l, size_t n)
{
	json_open(w, name, '{');
	for (size_t i = 0; i < n; i++)
		json_put_text(w, l[i].name, l[i].value);
	json_close(w, '}');
}

void labels_release(struct job_label *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(l[i].name);
		free(l[i].value);
	}
	free(l);
}
