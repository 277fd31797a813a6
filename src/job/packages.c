/* packages.c - lists of packages: reading, adding, checking against a grammar */
#include "job/packages.h"
#include "base/error.h"
#include "base/json_values.h"
#include "job/package_names.h"
#include "layers/grammar.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int package_add(struct job_package **v, size_t *n, const char *name, const char *version)
{
	struct job_package *more = realloc(*v, (*n + 1) * sizeof *more);

	if (!more)
		return -1;
	*v = more;
	more[*n] = (struct job_package){ strdup(name), strdup(version) };
	if (!more[*n].name || !more[*n].version) {
		free(more[*n].name);
		free(more[*n].version);
		return -1;
	}
	++*n;
	return 0;
}

void packages_release(struct job_package *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].version);
	}
	free(v);
}

static int package_name(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_string(v, path, &((struct job_package *)into)->name, e);
}

static int package_version(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_string(v, path, &((struct job_package *)into)->version, e);
}

static const struct json_field package_fields[] = { { "name", package_name },
						    { "version", package_version },
						    { NULL, NULL } };

static int package_one(struct job_package *p, const cJSON *v, const char *path, struct cee_err *e)
{
	if (json_fields(v, path, package_fields, 0, p, e) < 0)
		return -1;
	if (!p->name)
		return json_wrong(e, path, "missing \"name\"");
	if (!p->version)
		return json_wrong(e, path, "missing \"version\" (an exact one, such as \"13.0.1\")");
	return 0;
}

int json_packages(const cJSON *v, const char *path, struct job_package **out, size_t *n, struct cee_err *e)
{
	int count = cJSON_IsArray(v) ? cJSON_GetArraySize(v) : 0;
	const cJSON *item;

	if (!cJSON_IsArray(v))
		return json_wrong(e, path, "must be an array of {\"name\", \"version\"}");
	if (count > PACKAGES_MAX)
		return json_wrong(e, path, "has %d packages (at most %d)", count, PACKAGES_MAX);
	*out = calloc((size_t)count + 1, sizeof **out);
	if (!*out)
		return cee_no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, NULL, (int)*n);
		if (package_one(&(*out)[(*n)++], item, full, e) < 0)
			return -1;
	}
	return 0;
}

int packages_valid(const struct job_package *v, size_t n, enum grammar g, const char *path, struct cee_err *e)
{
	for (size_t i = 0; i < n; i++) {
		char full[JSON_PATH_MAX];

		json_path(full, path, NULL, (int)i);
		if (!package_name_valid(g, v[i].name))
			return json_wrong(e, full, "\"%.60s\" is not a valid package name", v[i].name);
		if (!package_version_valid(g, v[i].version))
			return json_wrong(e, full, "\"%.60s\" is not an exact version (such as \"13.0.1\")",
					  v[i].version);
		for (size_t k = 0; k < i; k++)
			if (package_same(g, v[k].name, v[i].name))
				return json_wrong(e, full, "duplicate package \"%.60s\"", v[i].name);
	}
	return 0;
}
