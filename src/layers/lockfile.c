/* lockfile.c - the files that describe layers: the lock list, and meta/NAME
 *
 * A lock list comes from a package box, so it is untrusted: the number of packages is bounded, and each word is
 * printable, bounded and without spaces. meta/NAME is the runner's own, with the same bounds. No I/O.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "layers/layers_internal.h"
#include "layers/store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_MAX = 200, NAME_BYTES = 220, VERSION_BYTES = 120 };

/* ---- lock lists -------------------------------------------------------------------- */

void layer_packages_release(struct layer_package *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(p[i].name);
		free(p[i].version);
		free(p[i].hash);
	}
	free(p);
}

static int word(const cJSON *v, const char *path, char **out, size_t max, struct cee_err *e)
{
	if (json_string(v, path, out, e) < 0)
		return -1;
	for (const char *s = *out; *s; s++)
		if (*s <= ' ' || *s >= 0x7f)
			return json_wrong(e, path, "must be printable, without spaces");
	return **out && strlen(*out) <= max ? 0 : json_wrong(e, path, "must have 1 to %zu bytes", max);
}

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
FIELD(name)
{
	return word(v, path, &((struct layer_package *)into)->name, NAME_BYTES, e);
}
FIELD(version)
{
	return word(v, path, &((struct layer_package *)into)->version, VERSION_BYTES, e);
}
FIELD(hash)
{
	return word(v, path, &((struct layer_package *)into)->hash, HASH_MAX, e);
}

static const struct json_field lock_fields[] = {
	{ "name", field_name }, { "version", field_version }, { "hash", field_hash }, { NULL, NULL }
};

int layer_packages_read(const cJSON *array, const char *where, struct layer_package **p, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
	const cJSON *item;

	if (count < 0 || count > LAYER_PACKAGES)
		return json_wrong(e, where, "must be an array of at most %d packages", LAYER_PACKAGES);
	*p = calloc((size_t)count + 1, sizeof **p);
	if (!*p)
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, array)
	{
		struct layer_package *one = &(*p)[(*n)++];

		if (json_fields(item, where, lock_fields, JSON_LENIENT, one, e) < 0)
			return -1;
		if (!one->name || !one->version)
			return json_wrong(e, where, "a package requires name and version");
	}
	return 0;
}

int layer_lock_parse(const char *text, size_t len, struct layer_package **p, size_t *n, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	*p = NULL;
	*n = 0;
	if (root && layer_packages_read(root, "lock.json", p, n, e) == 0)
		return 0;
	layer_packages_release(*p, *n);
	*p = NULL;
	*n = 0;
	return -1;
}

void layer_put_packages(struct json_writer *w, const char *name, const struct layer_package *p, size_t n)
{
	json_open(w, name, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(w, NULL, '{');
		json_put_text(w, "name", p[i].name);
		json_put_text(w, "version", p[i].version);
		if (p[i].hash)
			json_put_text(w, "hash", p[i].hash);
		json_close(w, '}');
	}
	json_close(w, ']');
}

/* ---- meta ----------------------------------------------------------------------------- */

void layer_release(struct layer *y)
{
	free(y->language);
	free(y->image);
	free(y->framework);
	for (size_t i = 0; i < y->nasked; i++)
		free(y->asked[i]);
	free(y->asked);
	layer_packages_release(y->packages, y->npackages);
	*y = (struct layer){ 0 };
}

#define Y ((struct layer *)into)
FIELD(language)
{
	return json_string(v, path, &Y->language, e);
}
FIELD(image)
{
	return json_string(v, path, &Y->image, e);
}
FIELD(framework)
{
	return json_string(v, path, &Y->framework, e);
}
FIELD(asked)
{
	return json_strings(v, path, 1000, NAME_BYTES + VERSION_BYTES, &Y->asked, &Y->nasked, e);
}
FIELD(bytes)
{
	return json_integer(v, path, 0, INT64_C(1) << 50, &Y->bytes, e);
}
FIELD(files)
{
	return json_integer(v, path, 0, INT64_C(1) << 40, &Y->files, e);
}
FIELD(packages)
{
	return layer_packages_read(v, path, &Y->packages, &Y->npackages, e);
}

FIELD(look)
{
	char *end = NULL;

	Y->look = cJSON_IsString(v) ? strtoull(v->valuestring, &end, 16) : 0;
	return end && !*end ? 0 : json_wrong(e, path, "must be a number in hexadecimal");
}

FIELD(manifest)
{
	if (!cJSON_IsString(v) || strlen(v->valuestring) != LAYER_DIGEST)
		return json_wrong(e, path, "must be a digest");
	memcpy(Y->manifest, v->valuestring, LAYER_DIGEST + 1);
	return 0;
}

static const struct json_field meta_fields[] = { { "language", field_language },   { "image", field_image },
						 { "framework", field_framework }, { "asked", field_asked },
						 { "bytes", field_bytes },	   { "files", field_files },
						 { "look", field_look },	   { "manifest", field_manifest },
						 { "packages", field_packages },   { NULL, NULL } };

int layer_meta_parse(struct layer *y, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	*y = (struct layer){ 0 };
	if (root && json_fields(root, "", meta_fields, JSON_LENIENT, y, e) == 0 && y->language && y->image &&
	    y->framework && y->manifest[0])
		return 0;
	layer_release(y);
	errno = EBADMSG;
	return -1;
}

int layer_meta_format(struct buf *b, const struct layer *y)
{
	struct json_writer w = json_writer(b);
	char look[20];

	snprintf(look, sizeof look, "%016" PRIx64, y->look);
	json_open(&w, NULL, '{');
	json_put_text(&w, "language", y->language);
	json_put_text(&w, "image", y->image);
	json_put_text(&w, "framework", y->framework);
	json_put_texts(&w, "asked", y->asked, y->nasked);
	json_put_integer(&w, "bytes", y->bytes);
	json_put_integer(&w, "files", y->files);
	json_put_text(&w, "look", look);
	json_put_text(&w, "manifest", y->manifest);
	layer_put_packages(&w, "packages", y->packages, y->npackages);
	json_close(&w, '}');
	return json_written(&w) < 0 ? -1 : buf_add(b, "\n", 1);
}
