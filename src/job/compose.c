/* compose.c - composes a job's JSON text from the options of a command line (compose.h)
 *
 * Text goes into the job as text, so that it stays readable; bytes that JSON cannot
 * hold (invalid UTF-8, NUL) go as base64. Checks are left to job_parse, whose messages
 * name the field.
 */
#include "job/compose.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json_write.h"
#include "base/text.h"
#include "job/compose_bytes.h"
#include "job/detect.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int strings_add(struct strings *s, char *text)
{
	char **v = realloc(s->v, (s->n + 1) * sizeof *v);

	if (!v)
		return -1;
	s->v = v;
	s->v[s->n++] = text;
	return 0;
}

void compose_init(struct compose *d)
{
	*d = (struct compose){ .priority = -1, .retries = -1 };
}

void compose_release(struct compose *d)
{
	struct strings *all[] = {
		&d->files, &d->arguments, &d->env, &d->limits, &d->labels, &d->packages, &d->collect
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]->v);
	compose_init(d);
}

static int no_memory(struct cee_err *e)
{
	return cee_fail(e, ENOMEM, "out of memory");
}

/* ---- names ------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The directory of path, as the kernel names it, with a '/' at its end. malloc'ed */
static char *real_dir(const char *path, struct cee_err *e)
{
	size_t n = (size_t)(last_part(path) - path);
	AUTO_FREE char *dir = n > 0 ? strndup(path, n) : strdup(".");
	AUTO_FREE char *real = dir ? realpath(dir, NULL) : NULL;
	AUTO_BUF struct buf b = { 0 };
	char *out;

	if (!real) {
		cee_fail(e, errno, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (buf_printf(&b, "%s%s", real, real[1] ? "/" : "") < 0) {
		no_memory(e);
		return NULL;
	}
	out = b.data;
	b.data = NULL;
	return out;
}

char *compose_name(const char *first, const char *path, struct cee_err *e)
{
	AUTO_FREE char *root = real_dir(first, e), *dir = root ? real_dir(path, e) : NULL;
	AUTO_BUF struct buf b = { 0 };
	char *out;

	if (!dir)
		return NULL;
	if (strncmp(root, dir, strlen(root)) != 0) {
		cee_fail(e, EINVAL, "%s: not in %s, the directory of the first file, nor below it: put it there", path,
			 root);
		return NULL;
	}
	if (buf_printf(&b, "%s%s", dir + strlen(root), last_part(path)) < 0) {
		no_memory(e);
		return NULL;
	}
	out = b.data;
	b.data = NULL;
	return out;
}

/* ---- fields ----------------------------------------------------------------------- */

/* A word of the command line; what names it in an error. */
static int put_word(struct json_writer *w, const char *name, const char *what, const char *s, struct cee_err *e)
{
	if (!utf8_valid(s, strlen(s)))
		return cee_fail(e, EINVAL, "%s: not valid UTF-8 (job text must be)", what);
	json_put_text(w, name, s);
	return 0;
}

static int put_field(struct json_writer *w, const char *name, const char *value, struct cee_err *e)
{
	return value ? put_word(w, name, name, value, e) : 0;
}

/* A file that has been read. */
struct input {
	struct buf data;
	bool executable;
};

static int put_file(const struct compose *d, size_t i, const struct input *in, size_t max, struct json_writer *w,
		    struct cee_err *e)
{
	AUTO_FREE char *name = i == 0 && d->entry ? strdup(d->entry) : compose_name(d->files.v[0], d->files.v[i], e);

	if (!name)
		return -1;
	json_open(w, NULL, '{');
	if (put_word(w, "name", "a file's name", name, e) < 0)
		return -1;
	if (compose_put_bytes(w, "content", "base64", &in->data) < 0)
		return no_memory(e);
	if (in->executable)
		json_put_text(w, "mode", "0755");
	json_close(w, '}');
	if (w->out->len > max)
		return cee_fail(e, EFBIG,
				"the files are together larger than a job may be (%zu bytes, max_job of cee.conf)",
				max);
	return 0;
}

static int put_next(const struct compose *d, size_t i, size_t max, struct json_writer *w, struct cee_err *e)
{
	struct input in = { .executable = false };
	int r = compose_read(d->files.v[i], max, &in.data, &in.executable, e);

	if (r == 0)
		r = put_file(d, i, &in, max, w, e);
	buf_release(&in.data);
	return r;
}

/* entry is the first file, which was read already. */
static int put_files(const struct compose *d, const struct input *entry, size_t max, struct json_writer *w,
		     struct cee_err *e)
{
	json_open(w, "files", '[');
	if (put_file(d, 0, entry, max, w, e) < 0)
		return -1;
	for (size_t i = 1; i < d->files.n; i++)
		if (put_next(d, i, max, w, e) < 0)
			return -1;
	json_close(w, ']');
	return 0;
}

static int put_list(const char *field, const char *what, const struct strings *s, struct json_writer *w,
		    struct cee_err *e)
{
	if (s->n == 0)
		return 0;
	json_open(w, field, '[');
	for (size_t i = 0; i < s->n; i++)
		if (put_word(w, NULL, what, s->v[i], e) < 0)
			return -1;
	json_close(w, ']');
	return 0;
}

static size_t name_len(const char *s)
{
	return strcspn(s, "=");
}

/* Does a later entry have the same name as entry i? Then the later one is used. */
static bool overruled(const struct strings *s, size_t i)
{
	size_t n = name_len(s->v[i]);

	for (size_t k = i + 1; k < s->n; k++)
		if (name_len(s->v[k]) == n && strncmp(s->v[k], s->v[i], n) == 0)
			return true;
	return false;
}

/* "NAME":"VALUE" of each entry that is used. */
static int put_pairs(const struct strings *s, const char *what, struct json_writer *w, struct cee_err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *entry = s->v[i], *value = entry + name_len(entry);
		AUTO_FREE char *name = strndup(entry, (size_t)(value - entry));

		if (overruled(s, i))
			continue;
		if (!*value || value == entry)
			return cee_fail(e, EINVAL, "%s \"%.80s\": must be NAME=VALUE", what, entry);
		if (!name)
			return no_memory(e);
		if (!utf8_valid(name, strlen(name)))
			return cee_fail(e, EINVAL, "%s: not valid UTF-8 (job text must be)", what);
		if (put_word(w, name, what, value + 1, e) < 0)
			return -1;
	}
	return 0;
}

static int put_object(const struct strings *s, const char *field, const char *what, struct json_writer *w,
		      struct cee_err *e)
{
	if (s->n == 0)
		return 0;
	json_open(w, field, '{');
	if (put_pairs(s, what, w, e) < 0)
		return -1;
	json_close(w, '}');
	return 0;
}

static int put_phase_limits(const struct strings *run, const struct strings *compile, struct json_writer *w,
			    struct cee_err *e)
{
	json_open(w, "limits", '{');
	json_open(w, "compile", '{');
	if (put_pairs(compile, "-L", w, e) < 0)
		return -1;
	json_close(w, '}');
	if (put_pairs(run, "-L", w, e) < 0)
		return -1;
	json_close(w, '}');
	return 0;
}

/* cpu=2 and run.cpu=2 set a limit of the run phase, compile.cpu=2 one of the compile phase. */
static int put_limits(const struct strings *all, struct json_writer *w, struct cee_err *e)
{
	struct strings run = { 0 }, compile = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		char *s = all->v[i];

		if (strncmp(s, "compile.", 8) == 0)
			r = strings_add(&compile, s + 8);
		else
			r = strings_add(&run, strncmp(s, "run.", 4) == 0 ? s + 4 : s);
	}
	if (r < 0)
		no_memory(e);
	else if (all->n > 0)
		r = put_phase_limits(&run, &compile, w, e);
	free(run.v);
	free(compile.v);
	return r;
}

static int put_packages(const struct strings *s, struct json_writer *w, struct cee_err *e)
{
	if (s->n == 0)
		return 0;
	json_open(w, "packages", '[');
	for (size_t i = 0; i < s->n; i++) {
		const char *at = strrchr(s->v[i], '@');
		AUTO_FREE char *name = at ? strndup(s->v[i], (size_t)(at - s->v[i])) : NULL;

		if (!at || at == s->v[i] || !at[1])
			return cee_fail(e, EINVAL, "-p \"%.80s\": must be NAME@VERSION", s->v[i]);
		if (!name)
			return no_memory(e);
		json_open(w, NULL, '{');
		if (put_word(w, "name", "-p", name, e) < 0 || put_word(w, "version", "-p", at + 1, e) < 0)
			return -1;
		json_close(w, '}');
	}
	json_close(w, ']');
	return 0;
}

static void put_numbers(const struct compose *d, struct json_writer *w)
{
	if (d->priority >= 0)
		json_put_integer(w, "priority", d->priority);
	if (d->retries >= 0)
		json_put_integer(w, "retries", d->retries);
	if (d->check)
		json_put_bool(w, "check", true);
	if (d->merge)
		json_put_bool(w, "merge", true);
}

static int put_tests(const struct compose *d, size_t max, struct json_writer *w, struct cee_err *e)
{
	if ((d->tests && compose_put_tests(d->tests, max, w, e) < 0) || put_field(w, "compare", d->compare, e) < 0)
		return -1;
	if (d->first_failure)
		json_put_text(w, "stop", "first-failure");
	return 0;
}

static void put_tty(const struct compose *d, struct json_writer *w)
{
	if (d->tty && d->rows && d->columns) {
		json_open(w, "tty", '{');
		json_put_integer(w, "rows", d->rows);
		json_put_integer(w, "columns", d->columns);
		json_close(w, '}');
	} else if (d->tty) {
		json_put_bool(w, "tty", true);
	}
}

static int put_stdin(const struct compose *d, size_t max, struct json_writer *w, struct cee_err *e)
{
	AUTO_BUF struct buf in = { 0 };
	bool executable;

	if (d->stdin_stream)
		json_put_bool(w, "stdin_stream", true);
	if (d->stdin_stream || !d->stdin_path)
		return 0;
	if (compose_read(d->stdin_path, max, &in, &executable, e) < 0)
		return -1;
	return compose_put_bytes(w, "stdin", "stdin_base64", &in) < 0 ? no_memory(e) : 0;
}

static int put_fields(const struct compose *d, const struct input *entry, size_t max, struct json_writer *w,
		      struct cee_err *e)
{
	if (put_field(w, "target_framework_monikier", d->framework, e) < 0 || put_files(d, entry, max, w, e) < 0 ||
	    put_list("arguments", "an argument", &d->arguments, w, e) < 0 || put_stdin(d, max, w, e) < 0)
		return -1;
	put_tty(d, w);
	if (put_object(&d->env, "env", "-E", w, e) < 0 || put_packages(&d->packages, w, e) < 0 ||
	    put_list("collect", "--collect", &d->collect, w, e) < 0 || put_limits(&d->limits, w, e) < 0)
		return -1;
	put_numbers(d, w);
	return put_field(w, "start_within", d->start_within, e) < 0 || put_field(w, "keep", d->keep, e) < 0 ||
			       put_field(w, "network", d->network, e) < 0 || put_field(w, "buffer", d->buffer, e) < 0 ||
			       put_field(w, "group", d->group, e) < 0 || put_field(w, "key", d->key, e) < 0 ||
			       put_object(&d->labels, "labels", "--label", w, e) < 0
		       ? -1
		       : put_tests(d, max, w, e);
}

static int put_all(const struct compose *d, const char *language, const struct input *entry, size_t max,
		   struct buf *out, struct cee_err *e)
{
	struct json_writer w = json_writer(out);

	json_open(&w, NULL, '{');
	if (put_word(&w, "language", "-l", language, e) < 0 || put_fields(d, entry, max, &w, e) < 0)
		return -1;
	json_close(&w, '}');
	if (json_end_line(&w) < 0)
		return no_memory(e);
	if (out->len > max)
		return cee_fail(e, EFBIG, "the job is %zu bytes (at most %zu, max_job of cee.conf)", out->len, max);
	return 0;
}

int compose_text(const struct compose *d, struct published *languages, size_t max, struct buf *out, struct cee_err *e)
{
	AUTO_FREE char *detected = NULL;
	const char *language = d->language;
	struct input entry = { .executable = false };
	int r = compose_read(d->files.v[0], max, &entry.data, &entry.executable, e);

	if (r == 0 && !language) {
		language = detected = detect_language(languages, d->files.v[0], entry.data.data, entry.data.len, e);
		r = detected ? 0 : -1;
	}
	if (r == 0)
		r = put_all(d, language, &entry, max, out, e);
	buf_release(&entry.data);
	return r;
}
