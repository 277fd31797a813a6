/* docker_json.c - the parsing of the Docker Engine's answers
 *
 * The engine is trusted only to run containers: texts are cut to a maximum size and cleaned
 * of control characters, numbers and ids are checked.
 */
#include "engine/docker_json.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "engine/engine.h"
#include "engine/engine_info.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

/* ---- labels --------------------------------------------------------------------- */

char *docker_labels_json(const struct engine_label *l, size_t n)
{
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	for (size_t i = 0; i < n; i++)
		if (l[i].value)
			json_put_text(&w, l[i].name, l[i].value);
	json_close(&w, '}');
	return json_detach(&w);
}

char *docker_filter_json(const struct engine_label *l, size_t n)
{
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_open(&w, "label", '[');
	for (size_t i = 0; i < n; i++) {
		AUTO_BUF struct buf label = { 0 };

		w.failed |= buf_printf(&label, "%s%s%s", l[i].name, l[i].value ? "=" : "",
				       l[i].value ? l[i].value : "") < 0;
		json_put_text(&w, NULL, label.data);
	}
	json_close(&w, ']');
	json_close(&w, '}');
	return json_detach(&w);
}

/* ---- messages ---------------------------------------------------------------------- */

void docker_message(char *out, size_t size, const char *body, size_t len)
{
	cJSON *j = cJSON_ParseWithLength(body, len);
	const char *m = text_of(j, "message");

	snprintf(out, size, "%s", m ? m : len ? body : "no reason given");
	text_clean(out);
	cJSON_Delete(j);
}

void docker_progress(const char *line, size_t len, cJSON **o, const char **text, const char **error)
{
	*o = cJSON_ParseWithLength(line, len);
	*text = text_of(*o, "stream");
	*error = text_of(*o, "error");
	if (!*error)
		*error = text_of(*o, "message");
	if (!*text)
		*text = text_of(*o, "status");
}

void docker_parse_version(char *out, size_t size, const char *body, size_t len)
{
	cJSON *j = cJSON_ParseWithLength(body, len);
	const char *v = text_of(j, "ApiVersion");

	snprintf(out, size, "%s", v ? v : "");
	cJSON_Delete(j);
}

bool docker_parse_podman(const char *body, size_t len)
{
	cJSON *j = cJSON_ParseWithLength(body, len);
	const cJSON *c;
	bool podman = false;

	cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(j, "Components"))
	{
		const char *name = text_of(c, "Name");

		podman |= name && strcmp(name, "Podman Engine") == 0;
	}
	cJSON_Delete(j);
	return podman;
}

int docker_parse_exit_code(const char *body, size_t len)
{
	cJSON *o = cJSON_ParseWithLength(body, len);
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(o, "StatusCode");
	int r = cJSON_IsNumber(code) ? code->valueint : -1;

	cJSON_Delete(o);
	return r;
}

/* ---- containers and images ------------------------------------------------------------ */

static const char *valid_id(const char *s)
{
	return s && *s && strlen(s) < ENGINE_ID_MAX && strspn(s, "0123456789abcdef") == strlen(s) ? s : NULL;
}

const char *docker_parse_id(struct docker_answer *a, const char *body, size_t len)
{
	a->json = cJSON_ParseWithLength(body, len);
	return valid_id(text_of(a->json, "Id"));
}

static size_t count_labels(const cJSON *labels)
{
	return (size_t)cJSON_GetArraySize(labels);
}

static size_t take_labels(struct engine_label *to, const cJSON *labels)
{
	const cJSON *i;
	size_t n = 0;

	cJSON_ArrayForEach(i, labels)
	{
		if (i->string && cJSON_IsString(i))
			to[n++] = (struct engine_label){ i->string, i->valuestring };
	}
	return n;
}

bool docker_parse_image(struct docker_answer *a, const char *body, size_t len)
{
	const cJSON *labels, *size;

	a->json = cJSON_ParseWithLength(body, len);
	labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(a->json, "Config"), "Labels");
	size = cJSON_GetObjectItemCaseSensitive(a->json, "Size");
	a->labels = calloc(count_labels(labels) + 1, sizeof(*a->labels));
	if (!cJSON_IsObject(a->json) || !a->labels)
		return false;
	a->image.id = text_of(a->json, "Id");
	a->image.size = cJSON_IsNumber(size) && fabs(size->valuedouble) < 1e18 ? (int64_t)size->valuedouble : 0;
	a->image.named = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(a->json, "RepoTags")) > 0;
	a->image.labels = a->labels;
	a->image.nlabels = take_labels(a->labels, labels);
	return a->image.id && strlen(a->image.id) < 100;
}

bool docker_parse_list(struct docker_answer *a, const char *body, size_t len)
{
	size_t nlabels = 0;
	const cJSON *c;

	a->json = cJSON_ParseWithLength(body, len);
	if (!cJSON_IsArray(a->json))
		return false;
	cJSON_ArrayForEach(c, a->json)
	{
		nlabels += count_labels(cJSON_GetObjectItemCaseSensitive(c, "Labels"));
	}
	a->containers = calloc((size_t)cJSON_GetArraySize(a->json) + 1, sizeof(*a->containers));
	a->labels = calloc(nlabels + 1, sizeof(*a->labels));
	if (!a->containers || !a->labels)
		return false;
	nlabels = 0;
	cJSON_ArrayForEach(c, a->json)
	{
		struct engine_container *to = &a->containers[a->ncontainers];

		to->id = valid_id(text_of(c, "Id"));
		to->labels = a->labels + nlabels;
		to->nlabels = take_labels(a->labels + nlabels, cJSON_GetObjectItemCaseSensitive(c, "Labels"));
		nlabels += to->nlabels;
		a->ncontainers += to->id != NULL;
	}
	return true;
}

void docker_answer_release(struct docker_answer *a)
{
	cJSON_Delete(a->json);
	free(a->containers);
	free(a->labels);
}

/* ---- the engine's description of itself -------------------------------------------------- */

static void take_text(char *out, size_t size, const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	snprintf(out, size, "%s", s ? s : "");
	text_clean(out);
}

static bool take_bool(const cJSON *o, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, name));
}

static void add_text(char *out, size_t size, const char *s, const char *behind)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%s", s, behind);
}

static void take_lists(struct engine_info *i, const cJSON *o)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(o, "Runtimes"))
	{
		if (e->string && !strchr(e->string, ' '))
			add_text(i->runtimes, sizeof(i->runtimes), e->string, " ");
	}
	cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(o, "Warnings"))
	{
		if (cJSON_IsString(e))
			add_text(i->warnings, sizeof(i->warnings), e->valuestring, e->next ? "; " : "");
	}
	cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(o, "SecurityOptions"))
	{
		const char *s = cJSON_GetStringValue(e);

		i->rootless |= s && strcmp(s, "name=rootless") == 0;
		i->userns_remap |= s && strcmp(s, "name=userns") == 0;
		i->seccomp |= s && strncmp(s, "name=seccomp", 12) == 0;
		i->apparmor |= s && strncmp(s, "name=apparmor", 13) == 0;
	}
	if (i->runtimes[0] && i->runtimes[strlen(i->runtimes) - 1] != ' ')
		i->runtimes[0] = 0; /* the list did not fit: unknown */
	text_clean(i->runtimes);
	text_clean(i->warnings);
}

/* RFC 3339 as Go writes it: in UTC, with any number of decimals. */
static int64_t take_time(const char *s)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t us = 0, unit = 100000;

	if (!end)
		return 0;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			us += (*end - '0') * unit;
	return *end == 'Z' ? timegm(&tm) * (int64_t)1000000 + us : 0;
}

bool docker_parse_info(struct engine_info *i, const char *body, size_t len)
{
	cJSON *o = cJSON_ParseWithLength(body, len);
	char when[64];

	*i = (struct engine_info){ 0 };
	if (!cJSON_IsObject(o)) {
		cJSON_Delete(o);
		return false;
	}
	take_text(i->version, sizeof(i->version), o, "ServerVersion");
	take_text(i->kernel, sizeof(i->kernel), o, "KernelVersion");
	take_text(i->cgroup_driver, sizeof(i->cgroup_driver), o, "CgroupDriver");
	take_text(i->cgroup_version, sizeof(i->cgroup_version), o, "CgroupVersion");
	take_text(i->default_runtime, sizeof(i->default_runtime), o, "DefaultRuntime");
	take_text(when, sizeof(when), o, "SystemTime");
	i->time_us = take_time(when);
	i->memory_limit = take_bool(o, "MemoryLimit");
	i->swap_limit = take_bool(o, "SwapLimit");
	i->pids_limit = take_bool(o, "PidsLimit");
	i->cpu_quota = take_bool(o, "CpuCfsQuota") || take_bool(o, "CPUCfsQuota");
	take_lists(i, o);
	cJSON_Delete(o);
	return true;
}
