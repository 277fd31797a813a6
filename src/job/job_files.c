/* job_files.c - the field `files` of a job and of a language */
#include "job/job_files.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/names.h"
#include "base/text.h"
#include "job/job_values.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 1000 };

static int file_name(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;

	if (json_string(v, path, &f->name, e) < 0)
		return -1;
	if (!job_name_valid(f->name))
		return json_wrong(e, path,
				  "must be a relative path without \"..\", empty parts and control characters, "
				  "of at most %d parts and %d bytes",
				  PARTS_MAX, NAME_MAX_LEN);
	return 0;
}

static int file_once(struct job_file *f, const char *path, struct cee_err *e)
{
	return f->data ? json_wrong(e, path, "give content or base64, not both") : 0;
}

static int file_content(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;
	char *text = NULL;

	if (file_once(f, path, e) < 0 || json_string(v, path, &text, e) < 0)
		return -1;
	f->data = (unsigned char *)text;
	f->len = strlen(text);
	return 0;
}

static int file_base64(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;

	if (file_once(f, path, e) < 0)
		return -1;
	return json_base64(v, path, &f->data, &f->len, e);
}

static int file_mode(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job_file *f = into;
	const char *s = cJSON_IsString(v) ? v->valuestring : "";
	size_t n = strlen(s);

	if (!(n == 3 || (n == 4 && *s == '0')) || !text_only(s, "01234567"))
		return json_wrong(e, path, "must be an octal string such as \"0644\" or \"0755\", up to \"0777\"");
	f->mode = (unsigned)strtoul(s, NULL, 8);
	return 0;
}

static const struct json_field file_fields[] = { { "name", file_name },
						 { "content", file_content },
						 { "base64", file_base64 },
						 { "mode", file_mode },
						 { NULL, NULL } };

static int file_one(struct job_file *f, const cJSON *v, const char *path, struct cee_err *e)
{
	f->mode = 0644;
	if (json_fields(v, path, file_fields, 0, f, e) < 0)
		return -1;
	if (!f->name)
		return json_wrong(e, path, "missing \"name\"");
	if (!f->data)
		return json_wrong(e, path, "missing \"content\" (use \"base64\" for binary data)");
	return 0;
}

/* Sorts '/' before all other characters, so that the files of a folder directly follow a file with the folder's name. */
static int by_path(const void *a, const void *b)
{
	const unsigned char *p = *(const unsigned char *const *)a, *q = *(const unsigned char *const *)b;

	while (*p && *p == *q)
		p++, q++;
	return (*p == '/' ? 1 : *p) - (*q == '/' ? 1 : *q);
}

int file_names_fit(const char **names, size_t n, const char *path, struct cee_err *e)
{
	qsort(names, n, sizeof *names, by_path);
	for (size_t i = 1; i < n; i++) {
		size_t len = strlen(names[i - 1]);
		if (strncmp(names[i - 1], names[i], len) != 0)
			continue;
		if (names[i][len] == '\0')
			return json_wrong(e, path, "duplicate name \"%.80s\"", names[i]);
		if (names[i][len] == '/')
			return json_wrong(e, path, "\"%.80s\" cannot be a file and a folder", names[i - 1]);
	}
	return 0;
}

static int files_fit(const struct job_file *files, size_t n, const char *path, struct cee_err *e)
{
	AUTO_FREE const char **names = calloc(n + 1, sizeof *names);

	if (!names)
		return cee_no_memory(e);
	for (size_t i = 0; i < n; i++)
		names[i] = files[i].name;
	return file_names_fit(names, n, path, e);
}

void job_files_release(struct job_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(files[i].name);
		free(files[i].data);
	}
	free(files);
}

int json_files(const cJSON *v, const char *path, struct job_file **files, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array of {\"name\", \"content\"}");
	if (count > FILES_MAX)
		return json_wrong(e, path, "has %d files (at most %d)", count, FILES_MAX);
	*files = calloc((size_t)count + 1, sizeof **files);
	if (!*files)
		return cee_no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, NULL, (int)*n);
		if (file_one(&(*files)[(*n)++], item, full, e) < 0)
			return -1;
	}
	return files_fit(*files, *n, path, e);
}
