/* collected.c - the index of an attempt's collected files (cee-spool(5))
 *
 * The index has a line of JSON for each file; the contents are concatenated in the file `files`, so each line's
 * offset is the sum of the sizes before it. The offsets, the names and the modes are checked here for all readers:
 * a reader may use a name in an archive without another check.
 */
#include "spool/collected.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/names.h"
#include "wire/frame_types.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LARGEST ((int64_t)1 << 50)

int files_format(struct buf *b, const struct files_record *r)
{
	struct json_writer w = json_writer(b);
	char mode[8];

	snprintf(mode, sizeof mode, "%04o", r->mode & 0777);
	json_open(&w, NULL, '{');
	json_put_text(&w, "name", r->name);
	json_put_text(&w, "mode", mode);
	json_put_integer(&w, "offset", r->offset);
	json_put_integer(&w, "size", r->size);
	json_close(&w, '}');
	return json_written(&w) < 0 ? -1 : buf_add(b, "\n", 1);
}

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
#define F ((struct files_record *)into)

FIELD(offset)
{
	return json_integer(v, path, 0, SIZE_LARGEST, &F->offset, e);
}
FIELD(size)
{
	return json_integer(v, path, 0, SIZE_LARGEST, &F->size, e);
}

FIELD(name)
{
	if (json_string(v, path, &F->name, e) < 0)
		return -1;
	return job_name_valid(F->name) ? 0 : json_wrong(e, path, "is not a valid name of a collected file");
}

FIELD(mode)
{
	const char *s = cJSON_IsString(v) ? v->valuestring : "";

	if (strlen(s) != 4 || *s != '0' || s[strspn(s, "01234567")])
		return json_wrong(e, path, "must be as \"0644\"");
	F->mode = (unsigned)strtoul(s, NULL, 8);
	return 0;
}

static const struct json_field fields[] = { { "name", field_name },
					    { "mode", field_mode },
					    { "offset", field_offset },
					    { "size", field_size },
					    { NULL, NULL } };

static int one_line(struct files_record *r, const char *line, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(line, len, e);

	*r = (struct files_record){ .offset = -1, .size = -1 };
	if (!root || json_fields(root, "", fields, JSON_LENIENT, r, e) < 0)
		return -1;
	if (!r->name || r->offset < 0 || r->size < 0)
		return cee_fail(e, EINVAL, "name, offset or size is missing");
	return 0;
}

static int add(struct files_list *l, const char *line, size_t len, struct cee_err *e)
{
	struct files_record *last = l->n ? &l->v[l->n - 1] : NULL;
	struct cee_err why = { "" };

	if (l->n == FILES_MOST)
		return cee_fail(e, EINVAL, "has more than %d lines", FILES_MOST);
	if (one_line(&l->v[l->n++], line, len, &why) < 0)
		return cee_fail(e, EINVAL, "line %zu: %s", l->n, why.msg);
	if (l->v[l->n - 1].offset != (last ? last->offset + last->size : 0))
		return cee_fail(e, EINVAL, "line %zu: offset is not where the file before it ends", l->n);
	return 0;
}

int files_parse(struct files_list *l, const char *text, size_t len, struct cee_err *e)
{
	const char *nl;

	*l = (struct files_list){ .v = calloc(FILES_MOST, sizeof *l->v) };
	if (!l->v)
		return cee_fail(e, ENOMEM, "out of memory");
	for (; len && (nl = memchr(text, '\n', len)); len -= (size_t)(nl + 1 - text), text = nl + 1)
		if (add(l, text, (size_t)(nl - text), e) < 0) {
			files_release(l);
			errno = EINVAL;
			return -1;
		}
	return 0;
}

void files_release(struct files_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	*l = (struct files_list){ 0 };
}
