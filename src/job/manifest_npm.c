/* manifest_npm.c - the object `dependencies` of package.json */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "job/manifest_internal.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

/* Normalises a range to one space between its parts, and none after an operator: ">= 1.0  ||2" → ">=1.0 || 2" */
static int npm_spaces(const char *s, struct buf *out)
{
	for (out->len = 0; *s;) {
		bool joint = strncmp(s, "||", 2) == 0;

		if (char_in(*s, SPACE)) {
			s++;
			if (out->len && !char_in(out->data[out->len - 1], "<>=^~ ") && buf_add(out, " ", 1) < 0)
				return -1;
		} else if (joint) {
			if ((out->len && out->data[out->len - 1] != ' ' && buf_add(out, " ", 1) < 0) ||
			    buf_add(out, "|| ", 3) < 0)
				return -1;
			s += 2;
		} else if (buf_add(out, s++, 1) < 0) {
			return -1;
		}
	}
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	return 0;
}

static int npm_dependency(struct reader *r, const cJSON *v)
{
	AUTO_BUF struct buf range = { 0 };

	if (!cJSON_IsString(v))
		return manifest_wrong(r, "dependencies: \"%.60s\" must be a version or a range", v->string);
	if (strpbrk(v->valuestring, ":/"))
		return manifest_wrong(r,
				      "dependencies: \"%.60s\": packages come from the registry alone: give a version "
				      "or a "
				      "range, not \"%.60s\"",
				      v->string, v->valuestring);
	if (npm_spaces(v->valuestring, &range) < 0)
		return cee_no_memory(r->e);
	return manifest_add(r, v->string, range.len ? range.data : "*");
}

int manifest_package_json(struct reader *r, struct span text)
{
	struct cee_err why;
	AUTO_JSON cJSON *root = json_parse(text.p, text.len, &why);
	const cJSON *dependencies = cJSON_GetObjectItemCaseSensitive(root, "dependencies"), *v;

	if (!root)
		return manifest_wrong(r, "%.300s", why.msg);
	if (dependencies && !cJSON_IsObject(dependencies))
		return manifest_wrong(r, "dependencies must be an object of names and versions");
	cJSON_ArrayForEach(v, dependencies) if (npm_dependency(r, v) < 0) return -1;
	return 0;
}
