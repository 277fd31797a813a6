/* language_check.c - a language's hello world in a box, without a runner
 *
 * Checks that an image works under the restrictions of jobs: no network,
 * no capabilities, an unprivileged uid, a read-only root. The box is a plain
 * container whose shell writes the files, compiles and runs; everything in that
 * script comes from the language file and is quoted. The box is always removed.
 */
#include "images/language_check.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "engine/container_spec.h"
#include "engine/engine.h"
#include "engine/http_parse.h"
#include "images/engine_client.h"
#include "images/image_inspect.h"
#include "images/work.h"
#include "job/job.h"
#include "job/language.h"
#include "job/language_argv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORK_SIZE = 64 << 20, CHECK_MEMORY = 768 << 20, CHECK_PIDS = 256, SHOWN = 400 };
#define EXPECTED "hello, world\n"

/* Appends text as one quoted word of sh(1) */
static int put_word(struct buf *b, const char *text)
{
	int r = buf_add(b, "'", 1);

	for (; r == 0 && *text; text++)
		r = *text == '\'' ? buf_add(b, "'\\''", 4) : buf_add(b, text, 1);
	return r == 0 ? buf_add(b, "' ", 2) : -1;
}

static int put_command(struct buf *b, const struct lang *l, char *const *tmpl, size_t n, const struct job *j,
		       const char *tail)
{
	char **argv = lang_argv(l, tmpl, n, j);
	int r = argv ? 0 : -1;

	for (char **a = argv; r == 0 && a && *a; a++)
		r = put_word(b, *a);
	strv_free(argv);
	return r == 0 ? buf_printf(b, "%s\n", tail) : -1;
}

static int put_file(struct buf *b, const char *name, const char *data, size_t len)
{
	AUTO_FREE char *text = strndup(data, len);
	const char *slash = strrchr(name, '/');
	AUTO_FREE char *dir = slash ? strndup(name, (size_t)(slash - name)) : NULL;

	if (!text || (dir && (buf_printf(b, "mkdir -p ") < 0 || put_word(b, dir) < 0 || buf_printf(b, "\n") < 0)))
		return -1;
	if (buf_printf(b, "printf %%s ") < 0 || put_word(b, text) < 0 || buf_printf(b, ">") < 0 ||
	    put_word(b, name) < 0)
		return -1;
	return buf_printf(b, "\n");
}

/* The script for sh -c: writes the files, compiles (its output goes to stderr), runs with the variables for live output */
static int script_make(struct buf *b, const struct lang *l)
{
	struct job j = { .language = l->name, .code = l->hello, .code_len = strlen(l->hello) };
	int r = buf_printf(b, "set -e\ncd /work\n");

	for (size_t i = 0; r == 0 && i < l->nfiles; i++) {
		size_t len;
		AUTO_FREE char *text = lang_file_text(l, &l->files[i], &j, &len);

		r = text ? put_file(b, l->files[i].name, text, len) : -1;
	}
	if (r == 0)
		r = put_file(b, l->file, l->hello, strlen(l->hello));
	if (r == 0 && l->ncompile)
		r = put_command(b, l, l->compile, l->ncompile, &j, ">&2");
	if (r == 0)
		r = buf_printf(b, "exec env ");
	for (size_t i = 0; r == 0 && i < l->nlive_env; i++)
		r = put_word(b, l->live_env[i]);
	return r == 0 ? put_command(b, l, l->run, l->nrun, &j, "") : -1;
}

static void take_id(void *arg, const struct engine_answer *a)
{
	snprintf(arg, ENGINE_ID_MAX, "%s", a->id);
}

static int box_create(struct work *w, const struct lang *l, const char *script, char id[ENGINE_ID_MAX],
		      struct cee_err *err)
{
	static const char *const shell[] = { "/bin/sh", "-c", NULL }; /* overrides the image's entry point */
	const char *const command[] = { script, NULL };
	const struct job none = { .language = l->name };
	const struct engine_label label = { "cee.check", l->name };
	unsigned uid = w->conf->uid_base;
	char options[160], **env = lang_env(l, PHASE_COMPILE, &none);
	const struct container_tmpfs tmpfs[] = { { "/work", options }, { "/tmp", options } };
	const struct container_spec spec = {
		.image = l->image,
		.workdir = "/work",
		.entrypoint = shell,
		.command = command,
		.env = (const char *const *)env,
		.uid = uid,
		.keep = true,
		.runtime = conf_named(w->conf->runtime), /* with auto, the engine's default does for a check */
		.memory = CHECK_MEMORY,
		.processes = CHECK_PIDS,
		.tmpfs = tmpfs,
		.ntmpfs = 2,
		.labels = &label,
		.nlabels = 1
	};
	int r;

	snprintf(options, sizeof options, "rw,exec,nosuid,nodev,size=%d,mode=0700,uid=%u,gid=%u", WORK_SIZE, uid, uid);
	r = engine_client_ask(&w->engine, &(struct engine_request){ .op = ENGINE_CREATE, .container = &spec }, take_id,
			      id, err);
	strv_free(env);
	return r ? -1 : 0;
}

/* ---- the box ---------------------------------------------------------------- */

/* A container's output. */
struct output {
	struct buf out, both;
};

static void take_log(void *arg, const struct engine_answer *a)
{
	struct output *o = arg;
	const unsigned char *p = (const unsigned char *)a->data, *data;
	size_t left = a->len, used, n;
	struct mux m;

	mux_init(&m);
	while (left && mux_feed(&m, p, left, &used, &data, &n) > 0) {
		if (m.stream == 1)
			buf_add(&o->out, data, n);
		buf_add(&o->both, data, n);
		p += used;
		left -= used;
	}
}

static void take_exit_code(void *arg, const struct engine_answer *a)
{
	*(int *)arg = a->exit_code;
}

static int box_run(struct work *w, const char *id, struct cee_err *err)
{
	struct engine_request r = { .name = id };
	struct output o = { .out = { 0 } };
	int code = -1, result;

	r.op = ENGINE_START;
	result = engine_client_ask(&w->engine, &r, NULL, NULL, err);
	r.op = ENGINE_WAIT;
	if (result == 0)
		result = engine_client_ask(&w->engine, &r, take_exit_code, &code, err);
	r.op = ENGINE_LOG;
	if (result == 0)
		result = engine_client_ask(&w->engine, &r, take_log, &o, err);
	if (result == 0 && (code != 0 || !o.out.data || strcmp(o.out.data, EXPECTED) != 0)) {
		for (size_t i = 0; i < o.both.len; i++)
			if (o.both.data[i] == '\n')
				o.both.data[i] = ' ';
		result = cee_fail(err, EIO, "exit code %d, output: %.*s", code, SHOWN,
				  o.both.data ? o.both.data : "none");
	}
	buf_release(&o.out);
	buf_release(&o.both);
	return result ? -1 : 0;
}

int image_check(struct work *w, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf script = { 0 };
	struct image i;
	char id[ENGINE_ID_MAX];
	int r;

	if (image_look(&w->engine, l->image, &i, err) < 0)
		return -1;
	w->no_source = !i.present;
	if (!i.present)
		return cee_fail(err, ENOENT, "no image %s (run `cee-lang build %s`)", l->image, l->name);
	if (!l->hello || !*l->hello)
		return cee_fail(err, EINVAL, "the language file has no hello");
	if (script_make(&script, l) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	if (box_create(w, l, script.data, id, err) < 0)
		return -1;
	r = box_run(w, id, err);
	w->engine.tidying = true;
	engine_client_ask(&w->engine, &(struct engine_request){ .op = ENGINE_REMOVE, .name = id }, NULL, NULL, NULL);
	w->engine.tidying = false;
	return r;
}
