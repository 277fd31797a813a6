/* language_argv.c - the commands, files and environment of a language for one job: placeholders replaced */
#include "job/language_argv.h"
#include "base/buf.h"
#include "base/limit.h"
#include "base/names.h"
#include "base/strv.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"
#include "job/language_image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

void lang_hashbang(const struct lang *l, struct job *j)
{
	unsigned char *text = j->code ? (unsigned char *)j->code : j->nfiles ? j->files[0].data : NULL;
	size_t len = j->code ? j->code_len : j->nfiles ? j->files[0].len : 0;

	if (l->hashbang && len >= 2 && memcmp(text, "#!", 2) == 0)
		memcpy(text, l->hashbang, 2);
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

/* Protects a file name that begins with '-' or '@', which a program could read as an option or
 * as a file of options. */
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

/* The entry comes first, whatever its extension: the job says that it is the program. */
static int add_files(struct strv *a, const struct lang *l, const struct job *j)
{
	if (strv_add(a, as_operand(lang_entry(l, j))) < 0)
		return -1;
	for (size_t i = j->code ? 0 : 1; i < j->nfiles; i++)
		if (has_extension(l, j->files[i].name) && strv_add(a, as_operand(j->files[i].name)) < 0)
			return -1;
	return 0;
}

static int add_arguments(struct strv *a, const struct job *j)
{
	for (size_t i = 0; i < j->narguments; i++)
		if (strv_add(a, strdup(j->arguments[i])) < 0)
			return -1;
	return 0;
}

/* The length of a file's name before its last extension. */
static int stem_of(const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');

	return (int)(dot && dot > base ? (size_t)(dot - file) : strlen(file));
}

struct made_values {
	char cpus[16], memory[24], stem[NAME_MAX_LEN + 64];
};

/* The value of the placeholder at the beginning of t, and the placeholder's length in *n; NULL if there is none.
 * Numbers and composed names are written to b, which must stay until the value has been used. */
static const char *placeholder(const char *t, const struct lang *l, const struct job *j, const char *file,
			       struct made_values *b, size_t *n)
{
	const char *framework = lang_framework(l, j);
	const struct {
		const char *name, *value;
	} all[] = {
		{ "{file}", file },
		{ "{framework}", framework },
		{ "{framework_version}", framework + strcspn(framework, DIGITS) },
		{ "{layer}", j->layer ? j->layer : "" },
		{ "{cpus}", b->cpus },
		{ "{memory}", j->memory > 0 ? b->memory : NULL },
		{ "{stem}", b->stem },
	};

	snprintf(b->cpus, sizeof b->cpus, "%d", j->cpus > 0 ? j->cpus : 1);
	snprintf(b->memory, sizeof b->memory, "%" PRId64, j->memory);
	snprintf(b->stem, sizeof b->stem, "%.*s", stem_of(file), file);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		*n = strlen(all[i].name);
		if (strncmp(t, all[i].name, *n) == 0)
			return all[i].value;
	}
	return NULL;
}

/* Replaces the placeholders; inserted values are not expanded again. */
static char *expand(const char *t, const struct lang *l, const struct job *j, const char *file)
{
	struct made_values made;
	struct buf b = { 0 };

	while (*t) {
		size_t n = strcspn(t, "{"), used = 1;
		int r = buf_add(&b, t, n);
		const char *value = t[n] ? placeholder(t + n, l, j, file, &made, &used) : "";

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

static int add_element(struct strv *a, const char *t, const struct lang *l, const struct job *j)
{
	AUTO_FREE char *file = NULL;

	if (strcmp(t, "{args}") == 0)
		return add_arguments(a, j);
	if (strcmp(t, "{driver}") == 0)
		return strv_add(a, strdup(l->session.text ? l->session.text : ""));
	if (strcmp(t, "{files}") == 0)
		return add_files(a, l, j);
	file = as_operand(lang_entry(l, j));
	return file ? strv_add(a, expand(t, l, j, file)) : -1;
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

char **lang_argv(const struct lang *l, char *const *tmpl, size_t n, const struct job *j)
{
	struct strv a = { .cap = 0 };

	for (size_t i = 0; i < n; i++)
		if (add_element(&a, tmpl[i], l, j) < 0) {
			strv_clear(&a);
			errno = ENOMEM;
			return NULL;
		}
	return strv_take(&a);
}

/* If a name occurs twice, getenv takes the first and a shell the last: so each name is set only once. */
static int set_variable(struct strv *a, const char *variable)
{
	size_t name = (size_t)(strchrnul(variable, '=') - variable) + 1;
	char *copy = strdup(variable);

	for (size_t i = 0; copy && i < a->n; i++)
		if (strncmp(a->v[i], variable, name) == 0) {
			free(a->v[i]);
			a->v[i] = copy;
			return 0;
		}
	return strv_add(a, copy);
}

static int set_variables(struct strv *a, char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set_variable(a, v[i]) < 0)
			return -1;
	return 0;
}

/* Sets the variables of the language file and expands placeholders in them; a job's own are not expanded. */
static int set_own_variables(struct strv *a, char *const *v, size_t n, const struct lang *l, const struct job *j)
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
		[LANG_SESSION] = { l->session.run, l->session.nrun, NULL, 0 },
	};
	bool layer = j->layer && all[c].nlayer;

	*n = layer ? all[c].nlayer : all[c].nown;
	return layer ? all[c].layer : all[c].own;
}

/* The user of every box, as the images name uid 1000; a language file and a job may say otherwise. */
static char *const user[] = { (char *)"USER=user", (char *)"LOGNAME=user" };

char **lang_env(const struct lang *l, enum frame_phase phase, const struct job *j)
{
	struct strv a = { .cap = 0 };
	bool run = phase == PHASE_RUN;

	if (set_variables(&a, user, sizeof(user) / sizeof(*user)) < 0 ||
	    set_own_variables(&a, l->env, l->nenv, l, j) < 0 ||
	    (j->layer && set_own_variables(&a, l->layer.env, l->layer.nenv, l, j) < 0) ||
	    (run && j->buffer == BUFFER_LIVE && set_variables(&a, l->live_env, l->nlive_env) < 0) ||
	    (run && set_variables(&a, j->env, j->nenv) < 0)) {
		strv_clear(&a);
		errno = ENOMEM;
		return NULL;
	}
	return strv_take(&a);
}
