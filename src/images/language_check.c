/* language_check.c - a language's hello world in a box, without a runner
 *
 * Shows that an image works under the restrictions that jobs get: no network,
 * no capability, a uid of its own, a read-only root. The box is a plain
 * container whose shell writes the files, compiles and runs; everything in that
 * script comes from the language file and is quoted. The box is removed
 * whatever happens.
 */
#include "images/language_check.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "base/strv.h"
#include "images/docker_client.h"
#include "images/image_inspect.h"
#include "images/work.h"
#include "job/job.h"
#include "job/language.h"
#include "job/language_argv.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WORK_SIZE = 64 << 20, CHECK_MEMORY = 768 << 20, CHECK_PIDS = 256, SHOWN = 400 };
#define EXPECTED "hello, world\n"

/* text as one word of sh(1) */
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

/* sh -c: files, compile (what it says to stderr), run with the environment of a live run */
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

static cJSON *tmpfs_make(uid_t uid)
{
	cJSON *t = cJSON_CreateObject();
	char options[160];

	snprintf(options, sizeof options, "rw,exec,nosuid,nodev,size=%d,mode=0700,uid=%u,gid=%u", WORK_SIZE,
		 (unsigned)uid, (unsigned)uid);
	cJSON_AddStringToObject(t, "/work", options);
	cJSON_AddStringToObject(t, "/tmp", options);
	return t;
}

static cJSON *strings_make(const char *const *v, size_t n)
{
	cJSON *a = cJSON_CreateArray();

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(a, cJSON_CreateString(v[i]));
	return a;
}

static cJSON *log_make(void)
{
	cJSON *log = cJSON_CreateObject(), *config = cJSON_AddObjectToObject(log, "Config");

	cJSON_AddStringToObject(log, "Type", "json-file");
	cJSON_AddStringToObject(config, "max-size", "1m");
	return log;
}

static cJSON *host_make(const struct work *w)
{
	static const char *const all[] = { "ALL" }, *const safe[] = { "no-new-privileges" };
	cJSON *h = cJSON_CreateObject();

	cJSON_AddItemToObject(h, "CapDrop", strings_make(all, 1));
	cJSON_AddItemToObject(h, "SecurityOpt", strings_make(safe, 1));
	cJSON_AddBoolToObject(h, "ReadonlyRootfs", true);
	cJSON_AddStringToObject(h, "NetworkMode", "none");
	cJSON_AddStringToObject(h, "IpcMode", "private");
	cJSON_AddNumberToObject(h, "Memory", CHECK_MEMORY);
	cJSON_AddNumberToObject(h, "MemorySwap", CHECK_MEMORY);
	cJSON_AddNumberToObject(h, "PidsLimit", CHECK_PIDS);
	cJSON_AddItemToObject(h, "Tmpfs", tmpfs_make(w->conf->uid_base));
	cJSON_AddItemToObject(h, "LogConfig", log_make());
	if (w->conf->runtime && *w->conf->runtime)
		cJSON_AddStringToObject(h, "Runtime", w->conf->runtime);
	return h;
}

static char *body_make(const struct work *w, const struct lang *l, const char *script)
{
	const char *command[] = { "/bin/sh", "-c", script };
	const struct job none = { .language = l->name };
	cJSON *o = cJSON_CreateObject(), *labels = cJSON_AddObjectToObject(o, "Labels");
	char user[32], *text, **env = lang_env(l, PHASE_COMPILE, &none);
	size_t n = 0;

	while (env && env[n])
		n++;
	snprintf(user, sizeof user, "%u:%u", (unsigned)w->conf->uid_base, (unsigned)w->conf->uid_base);
	cJSON_AddStringToObject(o, "Image", l->image);
	cJSON_AddStringToObject(o, "User", user);
	cJSON_AddStringToObject(o, "WorkingDir", "/work");
	cJSON_AddBoolToObject(o, "NetworkDisabled", true);
	/* an empty one in place of the image's own entry point */
	cJSON_AddItemToObject(o, "Entrypoint", strings_make(command, 2));
	cJSON_AddItemToObject(o, "Cmd", strings_make(command + 2, 1));
	cJSON_AddItemToObject(o, "Env", strings_make((const char *const *)env, n));
	strv_free(env);
	cJSON_AddItemToObject(o, "HostConfig", host_make(w));
	cJSON_AddStringToObject(labels, "cee.check", l->name);
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return text;
}

/* ---- the box ---------------------------------------------------------------- */

static int call(struct engine *e, const char *method, const char *id, const char *what, struct buf *answer,
		struct cee_err *err)
{
	char path[200];
	int status;

	snprintf(path, sizeof path, "/containers/%s%s", id, what);
	status = engine_call(e, method, path, NULL, answer, err);
	if (status >= 300 && status != 304)
		return cee_fail(err, EIO, "engine: %s: %s", what, engine_error_text(answer));
	return status < 0 ? -1 : 0;
}

static int box_create(struct work *w, const char *body, char id[80], struct cee_err *err)
{
	AUTO_BUF struct buf answer = { 0 };
	int status = engine_call(&w->engine, "POST", "/containers/create", body, &answer, err);
	const char *s;
	cJSON *o;

	if (status < 0)
		return -1;
	if (status != 201)
		return cee_fail(err, EIO, "engine: create: %s", engine_error_text(&answer));
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "Id"));
	snprintf(id, 80, "%s", s ? s : "");
	cJSON_Delete(o);
	return *id ? 0 : cee_fail(err, EPROTO, "engine: create: no id in its answer");
}

static int exit_code(const struct buf *answer)
{
	cJSON *o = answer->data ? cJSON_ParseWithLength(answer->data, answer->len) : NULL;
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(o, "StatusCode");
	int r = cJSON_IsNumber(code) ? code->valueint : -1;

	cJSON_Delete(o);
	return r;
}

/* The engine's log: frames of an 8 byte header (stream, 0 0 0, length big endian). */
static void demultiplex(const struct buf *log, struct buf *out, struct buf *both)
{
	const unsigned char *p = (const unsigned char *)log->data;
	size_t left = log->len;

	while (left >= 8) {
		size_t len = (size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 | p[7];

		if (len > left - 8)
			len = left - 8;
		if (p[0] == 1)
			buf_add(out, p + 8, len);
		buf_add(both, p + 8, len);
		p += 8 + len;
		left -= 8 + len;
	}
}

static int box_run(struct work *w, const char *id, struct cee_err *err)
{
	AUTO_BUF struct buf none = { 0 }, waited = { 0 }, log = { 0 }, out = { 0 }, both = { 0 };
	struct engine *e = &w->engine;
	int code;

	if (call(e, "POST", id, "/start", &none, err) < 0 || call(e, "POST", id, "/wait", &waited, err) < 0 ||
	    call(e, "GET", id, "/logs?stdout=1&stderr=1", &log, err) < 0)
		return -1;
	demultiplex(&log, &out, &both);
	code = exit_code(&waited);
	if (code == 0 && out.data && !strcmp(out.data, EXPECTED))
		return 0;
	for (size_t i = 0; i < both.len; i++)
		if (both.data[i] == '\n')
			both.data[i] = ' ';
	return cee_fail(err, EIO, "exit code %d, and it said: %.*s", code, SHOWN, both.data ? both.data : "nothing");
}

int image_check(struct work *w, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf script = { 0 }, answer = { 0 };
	AUTO_FREE char *body = NULL;
	struct image i;
	char id[80];
	int r;

	if (image_look(&w->engine, l->image, &i, err) < 0)
		return -1;
	w->no_source = !i.present;
	if (!i.present)
		return cee_fail(err, ENOENT, "there is no image %s; run `cee-lang build %s`", l->image, l->name);
	if (!l->hello || !*l->hello)
		return cee_fail(err, EINVAL, "its language file has no hello");
	body = script_make(&script, l) == 0 ? body_make(w, l, script.data) : NULL;
	if (!body)
		return cee_fail(err, ENOMEM, "out of memory");
	if (box_create(w, body, id, err) < 0)
		return -1;
	r = box_run(w, id, err);
	w->engine.tidying = true;
	call(&w->engine, "DELETE", id, "?force=1&v=1", &answer, NULL);
	w->engine.tidying = false;
	return r;
}
