/* job_collect.c - the field `collect` of a job: ["*.png"], or {"patterns": ["*.png"], "files": 10, "bytes": "1M"} */
#include "job/job_collect.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "base/names.h"
#include "job/job.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static int patterns(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct pattern p;
	struct job *j = into;

	if (json_strings(v, path, PATTERNS_MAX, PATTERN_MAX, &j->collect, &j->ncollect, e) < 0)
		return -1;
	for (size_t i = 0; i < j->ncollect; i++) {
		const char *wrong = pattern_compile(&p, j->collect[i], strlen(j->collect[i]));
		char full[JSON_PATH_MAX];

		json_path(full, path, NULL, (int)i);
		if (wrong)
			return json_wrong(e, full, "\"%.80s\" must %s", j->collect[i], wrong);
	}
	return 0;
}

static int collect_files(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	return json_integer(v, path, 0, FILES_MOST, &((struct job *)into)->collect_files, e);
}

static int collect_bytes(void *into, const cJSON *v, const char *path, struct cee_err *e)
{
	struct job *j = into;

	if (cJSON_IsString(v)) {
		struct cee_err why;
		return size_parse(v->valuestring, &j->collect_bytes, &why) < 0 ? json_wrong(e, path, "%s", why.msg) : 0;
	}
	return json_integer(v, path, 0, (int64_t)1 << 50, &j->collect_bytes, e);
}

static const struct json_field collect_fields[] = {
	{ "patterns", patterns }, { "files", collect_files }, { "bytes", collect_bytes }, { NULL, NULL }
};

int job_collect_read(struct job *j, const cJSON *v, const char *path, struct cee_err *e)
{
	return cJSON_IsObject(v) ? json_fields(v, path, collect_fields, 0, j, e) : patterns(j, v, path, e);
}
