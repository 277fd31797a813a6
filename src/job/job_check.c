/* job_check.c - checks a parsed job against this host: the configured ceilings and the published languages */
#include "job/job_check.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_limits.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "conf/conf.h"
#include "conf/conf_networks.h"
#include "job/job.h"
#include "job/job_disk.h"
#include "job/job_files.h"
#include "job/manifest.h"
#include "job/packages.h"
#include "job/published.h"
#include "layers/grammar.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int beneath(const struct limits *l, const struct limits *max, const char *where, struct cee_err *e)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		char asked[LIMIT_TEXT_MAX], most[LIMIT_TEXT_MAX], path[JSON_PATH_MAX];
		if (max->v[i] < 0 || l->v[i] <= max->v[i])
			continue;
		limit_format(asked, (enum limit_id)i, l->v[i]);
		limit_format(most, (enum limit_id)i, max->v[i]);
		json_path(path, where, limit_name[i], 0);
		return json_wrong(e, path, "%s is above the ceiling of this host (at most %s)", asked, most);
	}
	return 0;
}

static int ceilings(const struct job *j, const struct conf *c, struct cee_err *e)
{
	if (beneath(&j->limits[PHASE_COMPILE], &c->max[PHASE_COMPILE], "limits.compile", e) < 0 ||
	    beneath(&j->limits[PHASE_RUN], &c->max[PHASE_RUN], "limits", e) < 0)
		return -1;
	for (size_t i = 0; i < j->ntests; i++) {
		char test[JSON_PATH_MAX], path[JSON_PATH_MAX];

		json_path(test, "tests", NULL, (int)i);
		json_path(path, test, "limits", 0);
		if (beneath(&j->tests[i].limits, &c->max[PHASE_RUN], path, e) < 0)
			return -1;
	}
	return 0;
}

static int collect_beneath(const struct job *j, const struct conf *c, struct cee_err *e)
{
	if (j->collect_files > c->collect_files)
		return json_wrong(e, "collect.files",
				  "%" PRId64 " is more than this host collects (at most %" PRId64 ")", j->collect_files,
				  c->collect_files);
	if (j->collect_bytes > c->collect_bytes)
		return json_wrong(e, "collect.bytes",
				  "%" PRId64 " is more than this host collects (at most %" PRId64 ")", j->collect_bytes,
				  c->collect_bytes);
	return 0;
}

static bool lists(const cJSON *array, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, array) if (cJSON_IsString(v) && strcmp(v->valuestring, s) == 0) return true;
	return false;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(v) ? v->valuestring : "";
}

static int not_listed(const char *path, const char *value, const struct buf *names, struct cee_err *e)
{
	if (names->len == 0)
		return json_wrong(e, path, "\"%.60s\" is not known here (there are none)", value);
	return json_wrong(e, path, "\"%.60s\" is not known here (there is %.250s)", value, names->data);
}

static int unknown_language(const char *value, struct published *languages, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };

	for (size_t i = 0; i < published_count(languages); i++)
		if (buf_printf(&b, "%s%s", b.len ? ", " : "", published_name(languages, i)) < 0)
			return cee_no_memory(e);
	return not_listed("language", value, &b, e);
}

/* If the language has no such list, the job must not set the field. */
static int in_list(const cJSON *l, const char *list, const char *path, const char *value, struct cee_err *e)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(l, list);

	AUTO_BUF struct buf b = { 0 };
	const cJSON *v;

	if (!value || lists(array, value))
		return 0;
	cJSON_ArrayForEach(v, array)
	{
		if (cJSON_IsString(v) && buf_printf(&b, "%s%s", b.len ? ", " : "", v->valuestring) < 0)
			return cee_no_memory(e);
	}
	return not_listed(path, value, &b, e);
}

/* Without a list any version is accepted: the image has not been read yet, and a waiting job must not fail for that. */
static int version_fits(const cJSON *l, const struct job *j, struct cee_err *e)
{
	if (cJSON_GetObjectItemCaseSensitive(l, "versions") && in_list(l, "versions", "version", j->version, e) < 0)
		return -1;
	if (!j->version || !j->framework || strcmp(j->version, j->framework) == 0 ||
	    !lists(cJSON_GetObjectItemCaseSensitive(l, "frameworks"), j->version))
		return 0;
	return json_wrong(e, "version",
			  "\"%.60s\" contradicts target_framework_monikier, \"%.60s\": leave one of the two out",
			  j->version, j->framework);
}

/* Checks the job's file names against those that the language adds: the name for `code`, and the language's own files. */
static int beside_languages_files(const cJSON *l, const struct job *j, struct cee_err *e)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(l, "files"), *v;
	const cJSON *links = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(l, "layer"), "links");
	size_t n = 0, most = j->nfiles + 2 + (size_t)cJSON_GetArraySize(own) + (size_t)cJSON_GetArraySize(links);
	AUTO_FREE const char **names = calloc(most, sizeof *names);

	if (!names)
		return cee_no_memory(e);
	for (size_t i = 0; i < j->nfiles; i++)
		names[n++] = j->files[i].name;
	if (j->code && *text_of(l, "file"))
		names[n++] = text_of(l, "file");
	cJSON_ArrayForEach(v, own) if (cJSON_IsString(v)) names[n++] = v->valuestring;
	if (j->npackages)
		cJSON_ArrayForEach(v, links) if (cJSON_IsString(v)) names[n++] = v->valuestring;
	return file_names_fit(names, n, "files, with what the language adds", e);
}

/* Checks packages by the grammar of the language's registry, which job_parse does not know. */
static int packages_fit(const cJSON *l, struct job *j, struct cee_err *e)
{
	const cJSON *layer = cJSON_GetObjectItemCaseSensitive(l, "layer");
	int g = grammar_find(text_of(layer, "grammar"));

	if (j->npackages && !layer)
		return json_wrong(e, j->nuget ? "nuget_packages" : "packages",
				  "%.60s takes no packages here: leave them out", text_of(l, "name"));
	if (j->nuget && g >= 0 && g != GRAMMAR_NUGET)
		return json_wrong(e, "nuget_packages",
				  "is for a language with NuGet packages: %.60s takes packages, of %s",
				  text_of(l, "name"), grammar_name[g]);
	if (packages_valid(j->packages, j->npackages, g >= 0 ? (enum grammar)g : GRAMMAR_ANY,
			   j->nuget ? "nuget_packages" : "packages", e) < 0)
		return -1;
	return g >= 0 ? job_declare(j, (enum grammar)g, e) : 0;
}

/* The effective limits, computed as the runner does. */
static void limits_in_force(const cJSON *l, const struct job *j, const struct conf *c, struct limits *run)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(l, "limits");
	struct limits of_language[PHASE_COUNT];

	for (int p = 0; p < PHASE_COUNT; p++)
		limits_init(&of_language[p]);
	if (cJSON_IsObject(own))
		json_phase_limits(own, "limits", of_language, NULL, NULL);
	*run = j->limits[PHASE_RUN];
	limits_default(run, &of_language[PHASE_RUN]);
	limits_default(run, &c->dflt[PHASE_RUN]);
	limits_cap(run, &c->max[PHASE_RUN]);
}

/* The sizes of the language's files are not published: only the runner counts them. */
static int fits_disk(const cJSON *l, const struct job *j, const struct conf *c, struct cee_err *e)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(l, "files"), *v;
	const cJSON *links = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(l, "layer"), "links");
	size_t n = 0;
	AUTO_FREE struct job_file *files = calloc((size_t)cJSON_GetArraySize(own) + 1, sizeof *files);
	struct disk_language language = { .file = text_of(l, "file") };
	struct limits run;

	if (!files)
		return cee_no_memory(e);
	cJSON_ArrayForEach(v, own) if (cJSON_IsString(v)) files[n++].name = v->valuestring;
	language.files = files;
	language.nfiles = n;
	language.nlinks = j->npackages ? (size_t)cJSON_GetArraySize(links) : 0;
	limits_in_force(l, j, c, &run);
	return job_disk_fits(j, &language, &run, e);
}

/* Checks the job against its language, as published in the spool. */
static int language_fits(struct job *j, const cJSON *l, const struct conf *c, struct cee_err *e)
{
	if (j->check && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "check")))
		return json_wrong(e, "check", "%.60s has no check command: leave it out, and the program is run",
				  text_of(l, "name"));
	if (j->session.life_us && !cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(l, "session")))
		return json_wrong(e, "session", "%.60s has no sessions here", text_of(l, "name"));
	if (version_fits(l, j, e) < 0 || in_list(l, "frameworks", "target_framework_monikier", j->framework, e) < 0)
		return -1;
	if (packages_fit(l, j, e) < 0 || beside_languages_files(l, j, e) < 0)
		return -1;
	return fits_disk(l, j, c, e);
}

int job_check_network(const struct job *j, const struct conf *c, const char *owner, struct cee_err *e)
{
	const struct conf_network *n = j->network ? conf_network_find(c, j->network) : NULL;
	AUTO_BUF struct buf names = { 0 };

	if (!j->network || (n && conf_network_allows(n, owner)))
		return 0;
	for (size_t i = 0; i < c->noffers; i++)
		if (conf_network_allows(&c->offers[i], owner) &&
		    buf_printf(&names, "%s%s", names.len ? ", " : "", c->offers[i].name) < 0)
			return cee_no_memory(e);
	if (n && !names.len)
		return json_wrong(e, "network",
				  "%s is not for jobs of %.80s (network.%s.owners of cee.conf): leave it out",
				  j->network, owner, j->network);
	if (!names.len)
		return json_wrong(e, "network",
				  "jobs have no network here (cee.conf lists none for %.80s): leave it out", owner);
	return json_wrong(e, "network", "\"%s\" is not one that jobs of %.80s may have here (there is %.200s)",
			  j->network, owner, names.data);
}

int job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e)
{
	const cJSON *l;

	if (ceilings(j, c, e) < 0 || collect_beneath(j, c, e) < 0)
		return -1;
	if (c->keep_max_us >= 0 && j->keep_us > c->keep_max_us)
		return json_wrong(e, "keep", "%.0f s is above keep_max of this host (at most %.0f s)",
				  (double)j->keep_us / 1e6, (double)c->keep_max_us / 1e6);
	if (published_none(languages))
		return 0;
	l = published_find(languages, j->language);
	if (published_no_memory(languages))
		return cee_no_memory(e);
	if (published_damaged(languages))
		return cee_fail(e, EINVAL,
				"languages.json of the spool is damaged: the runner writes it anew when it starts");
	return l ? language_fits(j, l, c, e) : unknown_language(j->language, languages, e);
}
