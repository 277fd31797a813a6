/* lang.c - language files: cee-languages(5), etc/languages.d/NAME.json
 *
 * A language is data: what its image is made of, and argument vectors. The file
 * is the administrator's and is trusted, but it is checked like a job all the
 * same, since its names end up in build files, in requests and in paths.
 */
#include "job/language.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/json_limits.h"
#include "base/limit.h"
#include "base/names.h"
#include "job/job.h"
#include "job/packages.h"
#include "layers/store.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANG_MAX = 1 << 20, LIST_MAX = 200, ITEM_MAX = 4096 };

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool only(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

/* ---- what single values look like ------------------------------------------ */

static bool name_valid(const char *s)
{
	return *s && strlen(s) <= 32 && strchr(LOWER DIGITS, *s) && only(s, LOWER DIGITS "+#_-");
}

static bool alias_valid(const char *s)
{
	return *s && strlen(s) <= LANG_VERSION_LEN && only(s, LOWER UPPER DIGITS "+#._-");
}

static bool extension_valid(const char *s)
{
	return s[0] == '.' && s[1] && strlen(s) <= 32 && only(s, LOWER UPPER DIGITS "+_.-");
}

/* REGISTRY/NAME:TAG@DIGEST, roughly: what the engine takes, and no option. */
static bool image_valid(const char *s)
{
	return *s && strlen(s) <= 255 && strchr(LOWER DIGITS, *s) && only(s, LOWER UPPER DIGITS "._/:@-");
}

static bool package_valid(const char *s)
{
	return *s && strlen(s) <= 128 && strchr(LOWER DIGITS, *s) && only(s, LOWER DIGITS "+.:~=-");
}

/* A name alone: which version, and of which machine, is apt's to say. */
static bool distribution_valid(const char *s)
{
	return package_valid(s) && only(s, LOWER DIGITS "+.-");
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

/* python3-{name}: {name} once, and a package's name with anything for it. */
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
	return list(v, path, &L->aliases, &L->naliases, alias_valid, "letters, digits, '+', '#', '.', '_' or '-'", e);
}
FIELD(extensions)
{
	return list(v, path, &L->extensions, &L->nextensions, extension_valid, "a point and letters, as \".py\"", e);
}
FIELD(versions)
{
	return list(v, path, &L->versions, &L->nversions, alias_valid, "letters, digits, '.' or '-'", e);
}
FIELD(frameworks)
{
	return list(v, path, &L->frameworks, &L->nframeworks, alias_valid, "letters, digits, '.' or '-'", e);
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
		return cee_fail(e, ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, v)
	{
		if (!job_name_valid(item->string) || strchr(item->string, '=') || !cJSON_IsString(item) ||
		    !*item->valuestring)
			return json_wrong(e, path, "\"%.60s\" must be a relative file name, with its target",
					  item->string);
		if (asprintf(&L->layer.links[L->layer.nlinks], "%s=%s", item->string, item->valuestring) < 0) {
			L->layer.links[L->layer.nlinks] = NULL;
			return cee_fail(e, ENOMEM, "out of memory");
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

static const struct json_field fields[] = { { "name", field_name },	    { "title", field_title },
					    { "aliases", field_aliases },   { "extensions", field_extensions },
					    { "versions", field_versions }, { "frameworks", field_frameworks },
					    { "image", field_image },	    { "source", field_source },
					    { "file", field_file },	    { "files", field_files },
					    { "compile", field_compile },   { "run", field_run },
					    { "check", field_check },	    { "resident", field_resident },
					    { "layer", field_layer },	    { "env", field_env },
					    { "live_env", field_live_env }, { "limits", field_limits },
					    { "warm", field_warm },	    { "hashbang", field_hashbang },
					    { "hello", field_hello },	    { "missing", field_missing },
					    { "comment", field_comment },   { NULL, NULL } };

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
		return json_wrong(e, "resident", "needs its arguments, and a compile command for what it cannot do");
	if (!l->layer.grammar != !l->layer.nfetch)
		return json_wrong(e, "layer", "needs both grammar and fetch");
	if (l->resident.min > l->resident.max)
		return json_wrong(e, "resident.min", "is more than resident.max, which is %d", l->resident.max);
	if (!l->title && !(l->title = strdup(l->name)))
		return cee_fail(e, ENOMEM, "out of memory");
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

static void strings_release(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

void lang_release(struct lang *l)
{
	free(l->name);
	free(l->title);
	strings_release(l->aliases, l->naliases);
	strings_release(l->extensions, l->nextensions);
	strings_release(l->versions, l->nversions);
	strings_release(l->frameworks, l->nframeworks);
	free(l->available);
	free(l->told_versions);
	free(l->runtimes);
	free(l->image);
	free(l->pull);
	strings_release(l->distribution, l->ndistribution);
	strings_release(l->packages, l->npackages);
	free(l->with);
	strings_release(l->hostdirs, l->nhostdirs);
	free(l->dir);
	strings_release(l->setup, l->nsetup);
	free(l->file);
	job_files_release(l->files, l->nfiles);
	strings_release(l->compile, l->ncompile);
	strings_release(l->run, l->nrun);
	strings_release(l->check, l->ncheck);
	strings_release(l->resident.command, l->resident.ncommand);
	strings_release(l->resident.arguments, l->resident.narguments);
	free(l->layer.grammar);
	strings_release(l->layer.fetch, l->layer.nfetch);
	strings_release(l->layer.compile, l->layer.ncompile);
	strings_release(l->layer.run, l->layer.nrun);
	strings_release(l->layer.check, l->layer.ncheck);
	strings_release(l->layer.arguments, l->layer.narguments);
	strings_release(l->layer.env, l->layer.nenv);
	strings_release(l->layer.links, l->layer.nlinks);
	strings_release(l->env, l->nenv);
	strings_release(l->live_env, l->nlive_env);
	free(l->hashbang);
	free(l->hello);
	free(l->missing);
	*l = (struct lang){ 0 };
}

/* ---- a directory of them --------------------------------------------------------- */

static int is_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".json") == 0;
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

/* Files that lie beside the language file get the path of its directory. */
static int host_beside(struct lang *l, const char *dir, struct cee_err *e)
{
	AUTO_FREE char *real = realpath(dir, NULL);

	for (size_t i = 0; i < l->nhostdirs; i++) {
		char *full;

		if (l->hostdirs[i][0] == '/')
			continue;
		if (!real || asprintf(&full, "%s/%s", real, l->hostdirs[i]) < 0)
			return cee_fail(e, real ? ENOMEM : errno, "languages = %.200s: %s", dir, strerror(errno));
		free(l->hostdirs[i]);
		l->hostdirs[i] = full;
		if (!l->dir && !(l->dir = strdup(real)))
			return cee_fail(e, ENOMEM, "out of memory");
	}
	return 0;
}

static int load_one(struct lang *l, int dirfd, const char *dir, const char *name, struct cee_err *e)
{
	/* an administrator's file: it may be a symbolic link, unlike a user's */
	AUTO_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_BUF struct buf b = { 0 };
	char file[300];

	snprintf(file, sizeof file, "%.140s/%.140s", dir, name);
	if (fd < 0 || read_fd(fd, LANG_MAX, &b) < 0)
		return cee_fail(e, errno, "%s: %s", file, strerror(errno));
	if (lang_parse(l, file, b.data ? b.data : "", b.len, e) < 0)
		return -1;
	if (host_beside(l, dir, e) == 0)
		return 0;
	lang_release(l);
	return -1;
}

static bool answers_to(const struct lang *l, const char *name)
{
	if (strcmp(l->name, name) == 0)
		return true;
	for (size_t i = 0; i < l->naliases; i++)
		if (strcmp(l->aliases[i], name) == 0)
			return true;
	return false;
}

static bool same_strings(char *const *a, size_t n, char *const *b, size_t m)
{
	for (size_t i = 0; n == m && i < n; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return n == m;
}

static bool same_source(const struct lang *a, const struct lang *b)
{
	return strcmp(a->pull ? a->pull : "", b->pull ? b->pull : "") == 0 &&
	       strcmp(a->with ? a->with : "", b->with ? b->with : "") == 0 &&
	       same_strings(a->distribution, a->ndistribution, b->distribution, b->ndistribution) &&
	       same_strings(a->packages, a->npackages, b->packages, b->npackages) &&
	       same_strings(a->hostdirs, a->nhostdirs, b->hostdirs, b->nhostdirs) &&
	       same_strings(a->setup, a->nsetup, b->setup, b->nsetup);
}

bool lang_has_source(const struct lang *l)
{
	return l->pull || l->ndistribution || l->npackages || l->nhostdirs || l->nsetup;
}

/* Two languages may share an image: then each says the same of what it is made of, or
 * each build would undo the other's; or one says nothing. */
static int one_source(const struct langs *ls, const struct lang *l, struct cee_err *e)
{
	for (size_t k = 0; k < ls->n; k++)
		if (strcmp(ls->l[k].image, l->image) == 0 && lang_has_source(l) && lang_has_source(&ls->l[k]) &&
		    !same_source(&ls->l[k], l))
			return cee_fail(e, EINVAL, "languages: %s and %s have the image %.100s and not the same source",
					ls->l[k].name, l->name, l->image);
	return 0;
}

/* Every name and alias means one language. */
static int distinct(const struct langs *ls, const struct lang *l, struct cee_err *e)
{
	for (size_t k = 0; k < ls->n; k++) {
		if (answers_to(&ls->l[k], l->name))
			return cee_fail(e, EINVAL, "languages: \"%s\" is the name of two: %s has it too", l->name,
					ls->l[k].name);
		for (size_t i = 0; i < l->naliases; i++)
			if (answers_to(&ls->l[k], l->aliases[i]))
				return cee_fail(e, EINVAL, "languages: \"%s\" of %s means %s already", l->aliases[i],
						l->name, ls->l[k].name);
	}
	return 0;
}

static int load_entries(struct langs *ls, int dirfd, const char *dir, struct dirent **entry, int n, struct cee_err *e)
{
	ls->l = calloc((size_t)n + 1, sizeof *ls->l);
	if (!ls->l)
		return cee_fail(e, ENOMEM, "out of memory");
	for (int i = 0; i < n; i++) {
		struct lang *l = &ls->l[ls->n];
		if (load_one(l, dirfd, dir, entry[i]->d_name, e) < 0)
			return -1;
		if (distinct(ls, l, e) < 0 || one_source(ls, l, e) < 0) {
			lang_release(l);
			return -1;
		}
		ls->n++;
	}
	return 0;
}

int langs_load(struct langs *ls, const char *dir, struct cee_err *e)
{
	AUTO_CLOSE int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entry = NULL;
	int n, r, saved;

	*ls = (struct langs){ 0 };
	if (dirfd < 0)
		return cee_fail(e, errno, "languages = %.200s: %s", dir, strerror(errno));
	n = scandirat(dirfd, ".", &entry, is_json, alphasort);
	if (n < 0)
		return cee_fail(e, errno, "languages = %.200s: %s", dir, strerror(errno));
	r = load_entries(ls, dirfd, dir, entry, n, e);
	saved = errno;
	for (int i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	if (r < 0)
		langs_release(ls);
	errno = saved;
	return r;
}

void langs_release(struct langs *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		lang_release(&ls->l[i]);
	free(ls->l);
	*ls = (struct langs){ 0 };
}

const struct lang *langs_find(const struct langs *ls, const char *name)
{
	for (size_t i = 0; i < ls->n; i++)
		if (answers_to(&ls->l[i], name))
			return &ls->l[i];
	return NULL;
}

void lang_hashbang(const struct lang *l, struct job *j)
{
	unsigned char *text = j->code ? (unsigned char *)j->code : j->nfiles ? j->files[0].data : NULL;
	size_t len = j->code ? j->code_len : j->nfiles ? j->files[0].len : 0;

	if (l->hashbang && len >= 2 && memcmp(text, "#!", 2) == 0)
		memcpy(text, l->hashbang, 2);
}

/* ---- argument vectors --------------------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strcspn(p, " ") == n && strncmp(p, word, n) == 0)
			return true;
	return false;
}

bool lang_has_framework(const struct lang *l, const char *framework)
{
	return !l->available || has_word(l->available, framework);
}

static int set_text(char **to, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -1;
	free(*to);
	*to = copy;
	return 0;
}

int lang_set_available(struct lang *l, const char *words)
{
	return set_text(&l->available, words);
}

int lang_set_runtimes(struct lang *l, const char *text)
{
	return set_text(&l->runtimes, text);
}

/* Adds a word to a list of them. */
static int add_word(struct buf *b, const char *word)
{
	return buf_printf(b, "%s%s", b->len ? " " : "", word);
}

char *lang_versions_read(const char *text)
{
	static const char blank[] = " \t\r\n";
	struct buf b = { 0 };
	int r = buf_printf(&b, "%s", "");
	size_t n, took = 0;

	for (text += strspn(text, blank); r == 0 && *text && took < LANG_VERSIONS;
	     text += n, text += strspn(text, blank)) {
		char word[LANG_VERSION_LEN + 1];

		n = strcspn(text, blank);
		if (n >= sizeof word)
			continue;
		memcpy(word, text, n);
		word[n] = '\0';
		if (!alias_valid(word) || has_word(b.data, word))
			continue;
		r = add_word(&b, word);
		took++;
	}
	if (r == 0)
		return b.data;
	buf_release(&b);
	errno = ENOMEM;
	return NULL;
}

int lang_set_versions(struct lang *l, const char *text)
{
	AUTO_FREE char *words = text ? lang_versions_read(text) : NULL;

	return text && !words ? -1 : set_text(&l->told_versions, words);
}

char *lang_versions(const struct lang *l)
{
	struct buf b = { 0 };
	int r = buf_printf(&b, "%s", l->nversions || !l->told_versions ? "" : l->told_versions);

	for (size_t i = 0; r == 0 && i < l->nversions; i++)
		r = add_word(&b, l->versions[i]);
	for (size_t i = 0; r == 0 && !l->nversions && !(l->told_versions && *l->told_versions) && i < l->nframeworks;
	     i++)
		if (lang_has_framework(l, l->frameworks[i]))
			r = add_word(&b, l->frameworks[i]);
	errno = r < 0 ? ENOMEM : 0;
	if (r == 0 && (b.len || l->told_versions))
		return b.data;
	buf_release(&b);
	return NULL;
}

static int keep_text(char **to, const char *text)
{
	return text ? set_text(to, text) : 0;
}

int langs_keep_told(struct langs *ls, const struct langs *from)
{
	for (size_t i = 0; i < ls->n; i++)
		for (size_t k = 0; k < from->n; k++)
			if (strcmp(ls->l[i].image, from->l[k].image) == 0 &&
			    (keep_text(&ls->l[i].available, from->l[k].available) < 0 ||
			     keep_text(&ls->l[i].runtimes, from->l[k].runtimes) < 0 ||
			     keep_text(&ls->l[i].told_versions, from->l[k].told_versions) < 0))
				return -1;
	return 0;
}

char *lang_runtime(const struct lang *l, const char *framework)
{
	size_t n = strlen(framework);

	for (const char *p = l->runtimes; n && p && *p; p += strcspn(p, ";"), p += strspn(p, ";"))
		if (strncmp(p, framework, n) == 0 && p[n] == ' ')
			return strndup(p + n + 1, strcspn(p + n + 1, ";"));
	return NULL;
}

const char *lang_framework(const struct lang *l, const struct job *j)
{
	for (size_t i = 0; !j->framework && j->version && i < l->nframeworks; i++)
		if (strcmp(l->frameworks[i], j->version) == 0)
			return l->frameworks[i];
	for (size_t i = 0; !j->framework && i < l->nframeworks; i++)
		if (lang_has_framework(l, l->frameworks[i]))
			return l->frameworks[i];
	return j->framework ? j->framework : "";
}

const char *lang_entry(const struct lang *l, const struct job *j)
{
	return j->code || j->nfiles == 0 ? l->file : j->files[0].name;
}

/* A growing vector; on a failure v is NULL and stays so. */
struct vector {
	char **v;
	size_t n, cap;
};

static void vector_fail(struct vector *a)
{
	strings_release(a->v, a->n);
	*a = (struct vector){ .cap = 0 };
}

/* Takes s, which is malloc'ed or NULL. */
static int vector_add(struct vector *a, char *s)
{
	if (a->n + 2 > a->cap) {
		size_t cap = a->cap * 2 + 16;
		char **v = reallocarray(a->v, cap, sizeof *v);
		if (!v) {
			free(s);
			return -1;
		}
		a->v = v;
		a->cap = cap;
	}
	if (!s)
		return -1;
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
	return 0;
}

/* A file whose name begins with '-' must not be read as an option, nor one with '@' as a
 * file of options. */
static char *as_operand(const char *name)
{
	char *s;

	if (*name != '-' && *name != '@')
		return strdup(name);
	return asprintf(&s, "./%s", name) < 0 ? NULL : s;
}

static bool has_extension(const struct lang *l, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < l->nextensions; i++) {
		size_t m = strlen(l->extensions[i]);
		if (n > m && strcmp(name + n - m, l->extensions[i]) == 0)
			return true;
	}
	return false;
}

/* The entry comes first, whatever it is called: it is what the job says the program is. */
static int add_files(struct vector *a, const struct lang *l, const struct job *j)
{
	if (vector_add(a, as_operand(lang_entry(l, j))) < 0)
		return -1;
	for (size_t i = j->code ? 0 : 1; i < j->nfiles; i++)
		if (has_extension(l, j->files[i].name) && vector_add(a, as_operand(j->files[i].name)) < 0)
			return -1;
	return 0;
}

static int add_arguments(struct vector *a, const struct job *j)
{
	for (size_t i = 0; i < j->narguments; i++)
		if (vector_add(a, strdup(j->arguments[i])) < 0)
			return -1;
	return 0;
}

/* The bytes of a file's name before its last extension. */
static int stem_of(const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');

	return (int)(dot && dot > base ? (size_t)(dot - file) : strlen(file));
}

/* What stands for the placeholder that t begins with, and its length in *n; NULL: none does. */
static const char *placeholder(const char *t, const struct lang *l, const struct job *j, const char *file, size_t *n)
{
	static _Thread_local char cpus[16], stem[1100];
	const char *framework = lang_framework(l, j);
	const struct {
		const char *name, *value;
	} all[] = {
		{ "{file}", file },
		{ "{framework}", framework },
		{ "{framework_version}", framework + strcspn(framework, DIGITS) },
		{ "{layer}", j->layer ? j->layer : "" },
		{ "{cpus}", cpus },
		{ "{stem}", stem },
	};

	snprintf(cpus, sizeof cpus, "%d", j->cpus > 0 ? j->cpus : 1);
	snprintf(stem, sizeof stem, "%.*s", stem_of(file), file);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		*n = strlen(all[i].name);
		if (strncmp(t, all[i].name, *n) == 0)
			return all[i].value;
	}
	return NULL;
}

/* Replaces the placeholders; what was put in is not looked at again. */
static char *expand(const char *t, const struct lang *l, const struct job *j, const char *file)
{
	struct buf b = { 0 };

	while (*t) {
		size_t n = strcspn(t, "{"), used = 1;
		int r = buf_add(&b, t, n);
		const char *value = t[n] ? placeholder(t + n, l, j, file, &used) : "";

		t += n;
		if (!value)
			r |= buf_add(&b, t++, 1);
		else if (*t) {
			r |= buf_add(&b, value, strlen(value));
			t += used;
		}
		if (r < 0) {
			buf_release(&b);
			return NULL;
		}
	}
	return b.data ? b.data : strdup("");
}

static int add_element(struct vector *a, const char *t, const struct lang *l, const struct job *j)
{
	AUTO_FREE char *file = NULL;

	if (strcmp(t, "{args}") == 0)
		return add_arguments(a, j);
	if (strcmp(t, "{files}") == 0)
		return add_files(a, l, j);
	file = as_operand(lang_entry(l, j));
	return file ? vector_add(a, expand(t, l, j, file)) : -1;
}

char *lang_file_text(const struct lang *l, const struct job_file *f, const struct job *j, size_t *len)
{
	bool binary = f->len && memchr(f->data, 0, f->len);
	AUTO_FREE char *text = binary ? NULL : strndup(f->len ? (const char *)f->data : "", f->len);
	char *full = text ? expand(text, l, j, lang_entry(l, j)) : malloc(f->len + 1);

	if (full && !text)
		memcpy(full, f->data, f->len);
	*len = full && text ? strlen(full) : f->len;
	return full;
}

/* Never NULL for want of elements: an empty vector ends at once. */
static char **vector_take(struct vector *a)
{
	return a->v ? a->v : calloc(1, sizeof *a->v);
}

char **lang_argv(const struct lang *l, char *const *tmpl, size_t n, const struct job *j)
{
	struct vector a = { .cap = 0 };

	for (size_t i = 0; i < n; i++)
		if (add_element(&a, tmpl[i], l, j) < 0) {
			vector_fail(&a);
			errno = ENOMEM;
			return NULL;
		}
	return vector_take(&a);
}

/* getenv takes the first of two of one name, a shell the last: there must be one. */
static int set_variable(struct vector *a, const char *variable)
{
	size_t name = (size_t)(strchrnul(variable, '=') - variable) + 1;
	char *copy = strdup(variable);

	for (size_t i = 0; copy && i < a->n; i++)
		if (strncmp(a->v[i], variable, name) == 0) {
			free(a->v[i]);
			a->v[i] = copy;
			return 0;
		}
	return vector_add(a, copy);
}

static int set_variables(struct vector *a, char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set_variable(a, v[i]) < 0)
			return -1;
	return 0;
}

/* Those of the language file, with its placeholders; a job's own are as they are. */
static int set_own_variables(struct vector *a, char *const *v, size_t n, const struct lang *l, const struct job *j)
{
	for (size_t i = 0; i < n; i++) {
		AUTO_FREE char *variable = expand(v[i], l, j, lang_entry(l, j));

		if (!variable || set_variable(a, variable) < 0)
			return -1;
	}
	return 0;
}

char *lang_link(const struct lang *l, size_t i, const struct job *j)
{
	return expand(strchr(l->layer.links[i], '=') + 1, l, j, lang_entry(l, j));
}

char *const *lang_command(const struct lang *l, enum lang_command c, const struct job *j, size_t *n)
{
	const struct lang_layer *y = &l->layer;
	const struct {
		char *const *own;
		size_t nown;
		char *const *layer;
		size_t nlayer;
	} all[] = {
		[LANG_COMPILE] = { l->compile, l->ncompile, y->compile, y->ncompile },
		[LANG_RUN] = { l->run, l->nrun, y->run, y->nrun },
		[LANG_CHECK] = { l->check, l->ncheck, y->check, y->ncheck },
		[LANG_RESIDENT] = { l->resident.arguments, l->resident.narguments, y->arguments, y->narguments },
	};
	bool layer = j->layer && all[c].nlayer;

	*n = layer ? all[c].nlayer : all[c].nown;
	return layer ? all[c].layer : all[c].own;
}

char **lang_env(const struct lang *l, enum frame_phase phase, const struct job *j)
{
	struct vector a = { .cap = 0 };
	bool run = phase == PHASE_RUN;

	if (set_own_variables(&a, l->env, l->nenv, l, j) < 0 ||
	    (j->layer && set_own_variables(&a, l->layer.env, l->layer.nenv, l, j) < 0) ||
	    (run && j->buffer == BUFFER_LIVE && set_variables(&a, l->live_env, l->nlive_env) < 0) ||
	    (run && set_variables(&a, j->env, j->nenv) < 0)) {
		vector_fail(&a);
		errno = ENOMEM;
		return NULL;
	}
	return vector_take(&a);
}

void strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}

/* ---- what submitters need to know --------------------------------------------------- */

static int publish_list(struct buf *b, const char *name, char *const *v, size_t n)
{
	return buf_printf(b, ",\"%s\":", name) < 0 ? -1 : json_quote_all(b, v, n);
}

/* Left out as long as the image was not asked: that any will do until then. */
static int publish_versions(struct buf *b, const struct lang *l)
{
	AUTO_FREE char *words = lang_versions(l);
	const char *sep = "";

	if (!words)
		return errno ? -1 : 0;
	if (buf_printf(b, ",\"versions\":[") < 0)
		return -1;
	for (char *save = NULL, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (buf_printf(b, "%s", sep) < 0 || json_quote(b, word) < 0)
			return -1;
		sep = ",";
	}
	return buf_add(b, "]", 1);
}

static int publish_frameworks(struct buf *b, const struct lang *l)
{
	const char *sep = "";

	if (buf_printf(b, ",\"frameworks\":[") < 0)
		return -1;
	for (size_t i = 0; i < l->nframeworks; i++) {
		if (!lang_has_framework(l, l->frameworks[i]))
			continue;
		if (buf_printf(b, "%s", sep) < 0 || json_quote(b, l->frameworks[i]) < 0)
			return -1;
		sep = ",";
	}
	return buf_add(b, "]", 1);
}

static int publish_text(struct buf *b, const char *name, const char *s)
{
	return buf_printf(b, ",\"%s\":", name) < 0 ? -1 : json_quote(b, s ? s : "");
}

static int publish_files(struct buf *b, const struct lang *l)
{
	if (buf_printf(b, ",\"files\":[") < 0)
		return -1;
	for (size_t i = 0; i < l->nfiles; i++)
		if (buf_add(b, ",", i > 0) < 0 || json_quote(b, l->files[i].name) < 0)
			return -1;
	return buf_add(b, "]", 1);
}

/* The registry, and the names that a job with packages cannot have for its own files. */
static int publish_layer(struct buf *b, const struct lang *l)
{
	if (buf_printf(b, ",\"layer\":{\"grammar\":\"%s\",\"links\":[", l->layer.grammar) < 0)
		return -1;
	for (size_t i = 0; i < l->layer.nlinks; i++) {
		AUTO_FREE char *name = strndup(l->layer.links[i], strcspn(l->layer.links[i], "="));

		if (!name || buf_add(b, ",", i > 0) < 0 || json_quote(b, name) < 0)
			return -1;
	}
	return buf_add(b, "]}", 2);
}

static int publish_limits(struct buf *b, const struct lang *l)
{
	if (buf_printf(b, ",\"limits\":{\"compile\":") < 0 || json_limits_write(b, &l->limits[PHASE_COMPILE]) < 0 ||
	    buf_printf(b, ",\"run\":") < 0 || json_limits_write(b, &l->limits[PHASE_RUN]) < 0)
		return -1;
	return buf_add(b, "}", 1);
}

static int publish_one(struct buf *b, const struct lang *l)
{
	if (buf_printf(b, "{\"name\":") < 0 || json_quote(b, l->name) < 0 || publish_text(b, "title", l->title) < 0 ||
	    publish_list(b, "aliases", l->aliases, l->naliases) < 0 ||
	    publish_list(b, "extensions", l->extensions, l->nextensions) < 0 || publish_versions(b, l) < 0 ||
	    publish_frameworks(b, l) < 0 || publish_text(b, "file", l->file) < 0 || publish_files(b, l) < 0 ||
	    buf_printf(b, ",\"check\":%s,\"packages\":%s", l->ncheck ? "true" : "false",
		       l->layer.grammar ? "true" : "false") < 0 ||
	    (l->layer.grammar && publish_layer(b, l) < 0) || publish_text(b, "hello", l->hello) < 0 ||
	    publish_limits(b, l) < 0)
		return -1;
	return buf_add(b, "}", 1);
}

char *lang_publish(const struct langs *ls)
{
	struct buf b = { 0 };
	int r = buf_printf(&b, "{\"languages\":[");

	for (size_t i = 0; r == 0 && i < ls->n; i++)
		if (buf_add(&b, ",\n", i > 0 ? 2 : 0) < 0 || publish_one(&b, &ls->l[i]) < 0)
			r = -1;
	if (r < 0 || buf_printf(&b, "]}\n") < 0) {
		buf_release(&b);
		return NULL;
	}
	return b.data;
}
