/* language.c - language files: cee-languages(5), etc/languages.d/NAME.json
 *
 * A language is only data: the sources of its image, and argument vectors. The file
 * is written by the administrator and trusted, but it is checked as strictly as a job,
 * since its names are used in build files, in requests and in paths.
 */
#include "job/language.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/json_values.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/text.h"
#include "job/job_files.h"
#include "job/language_image.h"
#include "layers/grammar.h"
#include "layers/store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANG_MAX = 1 << 20, LIST_MAX = 200, ITEM_MAX = 4096 };

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- syntax of single values ----------------------------------------------- */

static bool name_valid(const char *s)
{
	return *s && strlen(s) <= 32 && strchr(LOWER DIGITS, *s) && text_only(s, LOWER DIGITS "+#_-");
}

bool lang_version_valid(const char *s)
{
	return *s && strlen(s) <= LANG_VERSION_LEN && text_only(s, LOWER UPPER DIGITS "+#._-");
}

static bool extension_valid(const char *s)
{
	return s[0] == '.' && s[1] && strlen(s) <= 32 && text_only(s, LOWER UPPER DIGITS "+_.-");
}

/* REGISTRY/NAME:TAG@DIGEST, roughly: a name that the engine accepts and that cannot be an option. */
static bool image_valid(const char *s)
{
	return *s && strlen(s) <= 255 && strchr(LOWER DIGITS, *s) && text_only(s, LOWER UPPER DIGITS "._/:@-");
}

static bool package_valid(const char *s)
{
	return *s && strlen(s) <= 128 && strchr(LOWER DIGITS, *s) && text_only(s, LOWER DIGITS "+.:~=-");
}

/* A package name alone: apt selects the version and the architecture. */
static bool distribution_valid(const char *s)
{
	return package_valid(s) && text_only(s, LOWER DIGITS "+.-");
}

static bool host_part_valid(const char *s, size_t n)
{
	return n > 1 && s[0] == '/' && !memmem(s, n, "/../", 4) && !(n >= 3 && memcmp(s + n - 3, "/..", 3) == 0);
}

/* FROM:TO, absolute paths; FROM may also be the name of a file beside the language file */
static bool hostdir_valid(const char *s)
{
	const char *colon = strchr(s, ':');
	size_t n = colon ? (size_t)(colon - s) : 0;

	return colon && !strchr(colon + 1, ':') && host_part_valid(colon + 1, strlen(colon + 1)) &&
	       (host_part_valid(s, n) || (n > 0 && *s != '.' && *s != '{' && !memchr(s, '/', n)));
}

static bool line_valid(const char *s)
{
	return *s && !strpbrk(s, "\n\r");
}

static bool two_valid(const char *s)
{
	return strlen(s) == 2 && line_valid(s);
}

static bool any_valid(const char *s)
{
	(void)s;
	return true;
}

static int list(const cJSON *v, const char *path, char ***out, size_t *n, bool (*valid)(const char *),
		const char *right, struct cee_err *e)
{
	if (json_strings(v, path, LIST_MAX, ITEM_MAX, out, n, e) < 0)
		return -1;
	for (size_t i = 0; i < *n; i++)
		if (!valid((*out)[i]))
			return json_wrong(e, path, "\"%.60s\" must be %s", (*out)[i], right);
	return 0;
}

static int one(const cJSON *v, const char *path, char **out, bool (*valid)(const char *), const char *right,
	       struct cee_err *e)
{
	if (json_string(v, path, out, e) < 0)
		return -1;
	return valid(*out) ? 0 : json_wrong(e, path, "\"%.60s\" must be %s", *out, right);
}

/* For example python3-{name}: contains {name} once, and is a package name with a name in its place. */
static bool with_valid(const char *s)
{
	const char *at = strstr(s, "{name}");
	char text[256];

	return at && strlen(s) < sizeof text && snprintf(text, sizeof text, "%.*sx%s", (int)(at - s), s, at + 6) > 0 &&
	       package_valid(text);
}

/* ---- fields ------------------------------------------------------------------ */

#define FIELD(name) static int field_##name(void *into, const cJSON *v, const char *path, struct cee_err *e)
#define L ((struct lang *)into)

FIELD(name)
{
	return one(v, path, &L->name, name_valid, "lower-case letters, digits, '+', '#', '_' or '-'", e);
}
FIELD(title)
{
	return one(v, path, &L->title, line_valid, "one line", e);
}
FIELD(aliases)
{
	return list(v, path, &L->aliases, &L->naliases, lang_version_valid,
		    "letters, digits, '+', '#', '.', '_' or '-'", e);
}
FIELD(extensions)
{
	return list(v, path, &L->extensions, &L->nextensions, extension_valid, "a point and letters, as \".py\"", e);
}
FIELD(versions)
{
	return list(v, path, &L->versions, &L->nversions, lang_version_valid, "letters, digits, '.' or '-'", e);
}
FIELD(frameworks)
{
	return list(v, path, &L->frameworks, &L->nframeworks, lang_version_valid, "letters, digits, '.' or '-'", e);
}
FIELD(image)
{
	return one(v, path, &L->image, image_valid, "the name of an image", e);
}
FIELD(pull)
{
	return one(v, path, &L->pull, image_valid, "the name of an image", e);
}
FIELD(distribution)
{
	return list(v, path, &L->distribution, &L->ndistribution, distribution_valid, "the name of a Debian package",
		    e);
}
FIELD(packages)
{
	return list(v, path, &L->packages, &L->npackages, package_valid, "the name of a Debian package", e);
}
FIELD(with)
{
	return one(v, path, &L->with, with_valid,
		   "the name of a Debian package with {name} in it, as \"python3-{name}\"", e);
}
FIELD(host)
{
	return list(v, path, &L->hostdirs, &L->nhostdirs, hostdir_valid,
		    "FROM:TO, two absolute paths, or first the name of a file beside this one", e);
}
FIELD(setup)
{
	return list(v, path, &L->setup, &L->nsetup, line_valid, "one line", e);
}
FIELD(file)
{
	return one(v, path, &L->file, job_name_valid, "a relative file name", e);
}
FIELD(files)
{
	return json_files(v, path, &L->files, &L->nfiles, e);
}
FIELD(compile)
{
	return list(v, path, &L->compile, &L->ncompile, any_valid, "", e);
}
FIELD(run)
{
	return list(v, path, &L->run, &L->nrun, any_valid, "", e);
}
FIELD(check)
{
	return list(v, path, &L->check, &L->ncheck, any_valid, "", e);
}
FIELD(env)
{
	return json_env(v, path, &L->env, &L->nenv, e);
}
FIELD(live_env)
{
	return json_env(v, path, &L->live_env, &L->nlive_env, e);
}
FIELD(limits)
{
	return json_phase_limits(v, path, L->limits, NULL, e);
}
FIELD(hashbang)
{
	return one(v, path, &L->hashbang, two_valid, "two characters that begin a comment, as \"//\"", e);
}
FIELD(hello)
{
	return json_string(v, path, &L->hello, e);
}
FIELD(missing)
{
	return one(v, path, &L->missing, line_valid, "one line", e);
}
FIELD(comment)
{
	(void)into;
	(void)v;
	(void)path;
	(void)e;
	return 0;
}

static int small(const cJSON *v, const char *path, int *out, struct cee_err *e)
{
	int64_t n = 0;

	if (json_integer(v, path, 0, 1000, &n, e) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

FIELD(warm_min)
{
	return small(v, path, &L->warm_min, e);
}
FIELD(warm_max)
{
	return small(v, path, &L->warm_max, e);
}

static const struct json_field warm_fields[] = { { "min", field_warm_min }, { "max", field_warm_max }, { NULL, NULL } };

FIELD(warm)
{
	return json_fields(v, path, warm_fields, 0, into, e);
}

FIELD(resident_command)
{
	return list(v, path, &L->resident.command, &L->resident.ncommand, any_valid, "", e);
}
FIELD(resident_arguments)
{
	return list(v, path, &L->resident.arguments, &L->resident.narguments, any_valid, "", e);
}
FIELD(resident_min)
{
	return small(v, path, &L->resident.min, e);
}
FIELD(resident_max)
{
	return small(v, path, &L->resident.max, e);
}
FIELD(resident_limits)
{
	return json_limits(v, path, &L->resident.limits, e);
}

static const struct json_field resident_fields[] = {
	{ "command", field_resident_command }, { "arguments", field_resident_arguments }, { "min", field_resident_min },
	{ "max", field_resident_max },	       { "limits", field_resident_limits },	  { NULL, NULL }
};

FIELD(resident)
{
	return json_fields(v, path, resident_fields, 0, into, e);
}

static bool grammar_valid(const char *s)
{
	return grammar_find(s) >= 0;
}

FIELD(layer_grammar)
{
	return one(v, path, &L->layer.grammar, grammar_valid, "nuget, pip or npm", e);
}
FIELD(layer_fetch)
{
	return list(v, path, &L->layer.fetch, &L->layer.nfetch, any_valid, "", e);
}
FIELD(layer_compile)
{
	return list(v, path, &L->layer.compile, &L->layer.ncompile, any_valid, "", e);
}
FIELD(layer_run)
{
	return list(v, path, &L->layer.run, &L->layer.nrun, any_valid, "", e);
}
FIELD(layer_check)
{
	return list(v, path, &L->layer.check, &L->layer.ncheck, any_valid, "", e);
}
FIELD(layer_arguments)
{
	return list(v, path, &L->layer.arguments, &L->layer.narguments, any_valid, "", e);
}
/* {"NAME": "TARGET"} as NAME=TARGET */
FIELD(layer_links)
{
	const cJSON *item;
	int n = cJSON_IsObject(v) ? cJSON_GetArraySize(v) : -1;

	if (n < 0 || n > LIST_MAX)
		return json_wrong(e, path, "must be an object of names and targets");
	L->layer.links = calloc((size_t)n + 1, sizeof *L->layer.links);
	if (!L->layer.links)
		return cee_no_memory(e);
	cJSON_ArrayForEach(item, v)
	{
		if (!job_name_valid(item->string) || strchr(item->string, '=') || !cJSON_IsString(item) ||
		    !*item->valuestring)
			return json_wrong(e, path, "\"%.60s\" must be a relative file name, with its target",
					  item->string);
		if (asprintf(&L->layer.links[L->layer.nlinks], "%s=%s", item->string, item->valuestring) < 0) {
			L->layer.links[L->layer.nlinks] = NULL;
			return cee_no_memory(e);
		}
		L->layer.nlinks++;
	}
	return 0;
}

FIELD(layer_env)
{
	return json_env(v, path, &L->layer.env, &L->layer.nenv, e);
}

static const struct json_field layer_fields[] = {
	{ "grammar", field_layer_grammar }, { "fetch", field_layer_fetch }, { "compile", field_layer_compile },
	{ "run", field_layer_run },	    { "check", field_layer_check }, { "arguments", field_layer_arguments },
	{ "env", field_layer_env },	    { "links", field_layer_links }, { NULL, NULL }
};

FIELD(layer)
{
	return json_fields(v, path, layer_fields, 0, into, e);
}

FIELD(session_run)
{
	return list(v, path, &L->session.run, &L->session.nrun, any_valid, "", e);
}
FIELD(session_driver)
{
	return one(v, path, &L->session.driver, job_name_valid, "the name of a file beside this one", e);
}

static const struct json_field session_fields[] = { { "run", field_session_run },
						    { "driver", field_session_driver },
						    { NULL, NULL } };

FIELD(session)
{
	return json_fields(v, path, session_fields, 0, into, e);
}

static const struct json_field source_fields[] = { { "pull", field_pull },
						   { "distribution", field_distribution },
						   { "packages", field_packages },
						   { "with", field_with },
						   { "host", field_host },
						   { "setup", field_setup },
						   { NULL, NULL } };

FIELD(source)
{
	return json_fields(v, path, source_fields, 0, into, e);
}

static const struct json_field fields[] = { { "name", field_name },
					    { "title", field_title },
					    { "aliases", field_aliases },
					    { "extensions", field_extensions },
					    { "versions", field_versions },
					    { "frameworks", field_frameworks },
					    { "image", field_image },
					    { "source", field_source },
					    { "file", field_file },
					    { "files", field_files },
					    { "compile", field_compile },
					    { "run", field_run },
					    { "check", field_check },
					    { "resident", field_resident },
					    { "layer", field_layer },
					    { "session", field_session },
					    { "env", field_env },
					    { "live_env", field_live_env },
					    { "limits", field_limits },
					    { "warm", field_warm },
					    { "hashbang", field_hashbang },
					    { "hello", field_hello },
					    { "missing", field_missing },
					    { "comment", field_comment },
					    { NULL, NULL } };

/* ---- one file ------------------------------------------------------------------ */

static int whole(struct lang *l, struct cee_err *e)
{
	if (!l->name)
		return json_wrong(e, "name", "is missing");
	if (!l->image)
		return json_wrong(e, "image", "is missing");
	if (!l->file)
		return json_wrong(e, "file", "is missing: the name that a job's code gets");
	if (l->nrun == 0)
		return json_wrong(e, "run", "is missing: the argument vector that runs a job");
	if (l->warm_min > l->warm_max)
		return json_wrong(e, "warm.min", "is more than warm.max, which is %d", l->warm_max);
	if (l->resident.ncommand && (!l->ncompile || !l->resident.narguments))
		return json_wrong(e, "resident",
				  "requires arguments, and a compile command beside it for programs that it cannot "
				  "compile");
	if (!l->session.driver != !l->session.nrun)
		return json_wrong(e, "session", "requires run and driver");
	if (!l->layer.grammar != !l->layer.nfetch)
		return json_wrong(e, "layer", "requires grammar and fetch");
	if (l->resident.min > l->resident.max)
		return json_wrong(e, "resident.min", "is more than resident.max, which is %d", l->resident.max);
	if (!l->title && !(l->title = strdup(l->name)))
		return cee_no_memory(e);
	return 0;
}

static int parse(struct lang *l, const char *text, size_t len, struct cee_err *e)
{
	AUTO_JSON cJSON *root = json_parse(text, len, e);

	if (!root)
		return -1;
	return json_fields(root, "", fields, 0, l, e) < 0 ? -1 : whole(l, e);
}

int lang_parse(struct lang *l, const char *file, const char *text, size_t len, struct cee_err *e)
{
	struct cee_err why = { "" };
	int saved;

	*l = (struct lang){ .warm_max = 4, .resident = { .min = 1, .max = 2 } };
	limits_init(&l->resident.limits);
	for (int p = 0; p < PHASE_COUNT; p++)
		limits_init(&l->limits[p]);
	if (parse(l, text, len, &why) == 0)
		return 0;
	saved = errno;
	lang_release(l);
	return cee_fail(e, saved, "%.200s: %s", file, why.msg);
}

bool lang_beside(const struct lang *l, size_t i)
{
	size_t n = l->dir ? strlen(l->dir) : 0;

	return n && strncmp(l->hostdirs[i], l->dir, n) == 0 && l->hostdirs[i][n] == '/';
}

bool lang_optional(const struct lang *l, size_t i)
{
	const char *colon = strrchr(l->hostdirs[i], ':');

	return colon && colon > l->hostdirs[i] && colon[-1] == '?';
}

bool lang_has_source(const struct lang *l)
{
	return l->pull || l->ndistribution || l->npackages || l->nhostdirs || l->nsetup;
}
