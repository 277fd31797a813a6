/* json_limits.c - limits of one phase and of both phases, in a job and in a language */
#include "base/json_limits.h"
#include "base/error.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "base/nearest.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

static int limit_value(const cJSON *v, enum limit_id id, const char *path, struct limits *l, struct cee_err *e)
{
	struct cee_err why;

	if (!cJSON_IsNumber(v) && !cJSON_IsString(v))
		return json_wrong_type(e, path, v, "a number or a string");
	if (l->v[id] >= 0)
		return json_wrong(e, path, "is set twice (a limit outside of compile and run is one of run)");
	if ((cJSON_IsNumber(v) ? limit_number(id, v->valuedouble, &l->v[id], &why)
			       : limit_parse(id, v->valuestring, &l->v[id], &why)) < 0)
		return json_wrong(e, path, "%s", why.msg);
	return 0;
}

/* The error for an unknown name: suggests a near name, or lists the limits. */
static int unknown_limit(const char *name, const char *path, bool phases, bool stop, struct cee_err *e)
{
	const char *names[LIMIT_COUNT + 4] = { 0 };
	const char *near;
	int n = 0;

	for (; n < LIMIT_COUNT; n++)
		names[n] = limit_name[n];
	if (phases) {
		names[n++] = "compile";
		names[n++] = "run";
	}
	if (stop)
		names[n++] = "stop";
	near = nearest_name(name, names, sizeof *names);
	if (near)
		return json_wrong(e, path, "unknown limit; did you mean \"%s\"?", near);
	return json_wrong(e, path, "unknown limit (there are %s)", limit_names);
}

int json_limits(const cJSON *v, const char *path, struct limits *l, struct cee_err *e)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong_type(e, path, v, "an object of limits");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		int id = limit_find(item->string);

		json_path(full, path, item->string, 0);
		if (id < 0)
			return unknown_limit(item->string, full, false, false, e);
		if (limit_value(item, (enum limit_id)id, full, l, e) < 0)
			return -1;
	}
	return 0;
}

static int stop_value(const cJSON *v, const char *path, bool *stop, struct cee_err *e)
{
	if (cJSON_IsString(v) && strcmp(v->valuestring, "output") == 0)
		*stop = true;
	else if (cJSON_IsString(v) && strcmp(v->valuestring, "never") == 0)
		*stop = false;
	else
		return json_wrong(e, path, "must be \"output\" or \"never\"");
	return 0;
}

static int phase_limit(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop, struct cee_err *e)
{
	int id = limit_find(v->string);

	if (id >= 0)
		return limit_value(v, (enum limit_id)id, path, &l[PHASE_RUN], e);
	if (strcmp(v->string, "run") == 0)
		return json_limits(v, path, &l[PHASE_RUN], e);
	if (strcmp(v->string, "compile") == 0)
		return json_limits(v, path, &l[PHASE_COMPILE], e);
	if (stop && strcmp(v->string, "stop") == 0)
		return stop_value(v, path, stop, e);
	return unknown_limit(v->string, path, true, stop, e);
}

int json_phase_limits(const cJSON *v, const char *path, struct limits l[PHASE_COUNT], bool *stop_on_output,
		      struct cee_err *e)
{
	const cJSON *item;

	if (!cJSON_IsObject(v))
		return json_wrong_type(e, path, v, "an object of limits");
	cJSON_ArrayForEach(item, v)
	{
		char full[JSON_PATH_MAX];
		json_path(full, path, item->string, 0);
		if (phase_limit(item, full, l, stop_on_output, e) < 0)
			return -1;
	}
	if (l[PHASE_COMPILE].v[LIMIT_DISK] >= 0 || l[PHASE_COMPILE].v[LIMIT_INODES] >= 0)
		return json_wrong(e, path,
				  "disk and inodes bound the whole job: set them in limits itself, not in compile");
	return 0;
}

int json_limits_of_job(const struct limits *l, const char *path, struct cee_err *e)
{
	enum limit_id id = limits_none(l);
	char full[JSON_PATH_MAX];

	if (id == LIMIT_COUNT)
		return 0;
	json_path(full, path, limit_name[id], 0);
	return json_wrong(e, full, "only the administrator can give \"none\" (write a size, as \"16M\")");
}

void json_put_limits(struct json_writer *w, const char *name, const struct limits *l)
{
	json_open(w, name, '{');
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (l->v[i] < 0)
			continue;
		if (l->v[i] == LIMIT_NONE)
			json_put_text(w, limit_name[i], "none");
		else if (limit_unit[i] == UNIT_TIME)
			json_put_seconds(w, limit_name[i], l->v[i]);
		else
			json_put_integer(w, limit_name[i], l->v[i]);
	}
	json_close(w, '}');
}
