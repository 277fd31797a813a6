/* image_inspect.c - what the engine knows of an image */
#include "images/image_inspect.h"
#include "base/buf.h"
#include "base/error.h"
#include "images/docker_client.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void image_copy_string(char *to, size_t size, const cJSON *o, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));

	snprintf(to, size, "%s", s ? s : "");
}

int image_look(struct engine *e, const char *name, struct image *i, struct cee_err *err)
{
	AUTO_BUF struct buf path = { 0 }, answer = { 0 };
	const cJSON *labels, *size;
	cJSON *o;
	int status;

	memset(i, 0, sizeof *i);
	if (buf_printf(&path, "/images/%s/json", name) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(e, "GET", path.data, NULL, &answer, err);
	if (status < 0)
		return -1;
	if (status == 404)
		return 0;
	if (status != 200)
		return cee_fail(err, EIO, "image %s: %s", name, engine_error_text(&answer));
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "Config"), "Labels");
	size = cJSON_GetObjectItemCaseSensitive(o, "Size");
	image_copy_string(i->id, sizeof i->id, o, "Id");
	image_copy_string(i->source, sizeof i->source, labels, "cee.source");
	image_copy_string(i->digest, sizeof i->digest, labels, "cee.digest");
	image_copy_string(i->with, sizeof i->with, labels, "cee.with");
	image_copy_string(i->frameworks, sizeof i->frameworks, labels, "cee.frameworks");
	image_copy_string(i->versions, sizeof i->versions, labels, "cee.versions");
	i->size = cJSON_IsNumber(size) ? (int64_t)size->valuedouble : 0;
	i->present = i->id[0] != '\0';
	cJSON_Delete(o);
	return 0;
}

/* A name that goes into a path of the API and a FROM line as it stands. */
int image_name_check(const char *name, struct cee_err *err)
{
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@") : 0;

	if (!n || name[n] || n > 200 || strstr(name, "..") || name[0] == '/')
		return cee_fail(err, EINVAL, "image: '%s': expected NAME:TAG", name ? name : "");
	return 0;
}

/* Has the image a name, of whatever repository? Deleting it by its id would take that as well. */
static bool image_named(struct engine *e, const char *path)
{
	AUTO_BUF struct buf look = { 0 }, answer = { 0 };
	cJSON *o;
	bool named = true;

	if (buf_printf(&look, "%s/json", path) < 0 || engine_call(e, "GET", look.data, NULL, &answer, NULL) != 200)
		return named;
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	named = !o || cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(o, "RepoTags")) > 0;
	cJSON_Delete(o);
	return named;
}

/* An image that lost its name to a newer one goes, unless a box still uses it. */
void image_drop(struct engine *e, const char *id)
{
	AUTO_BUF struct buf path = { 0 }, answer = { 0 };

	if (*id && buf_printf(&path, "/images/%s", id) == 0 && !image_named(e, path.data))
		engine_call(e, "DELETE", path.data, NULL, &answer, NULL);
}
