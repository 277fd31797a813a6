/* layer_command.c - cee-lang layer and prune
 *
 * Only the runner builds layers. To build one ahead of time, cee-lang submits a job that needs it and
 * that checks the language's hello.
 */
#include "images/layer_command.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/json_write.h"
#include "base/time_text.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "job/language.h"
#include "layers/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* EX_OK: *l is open. -1: there are no layers, which is not an error. Else an exit status. */
static int open_layers(const struct conf *c, struct layers *l)
{
	struct cee_err e;

	if (layers_open(l, c->layers, false, &e) == 0)
		return EX_OK;
	if (errno == ENOENT)
		return -1;
	prog_error("%s", e.msg);
	return errno == EACCES ? EX_NOPERM : EX_OSERR;
}

/* ---- list ---------------------------------------------------------------------- */

struct list {
	struct layers *l;
	struct json_writer *w; /* NULL: for people */
};

static void put_layer(struct json_writer *w, const char *name, const struct layer *y, bool sound)
{
	char used[TIME_TEXT_MAX];

	json_break_line(w);
	json_open(w, NULL, '{');
	json_put_text(w, "id", name);
	json_put_bool(w, "sound", sound);
	if (sound) {
		time_format(used, y->used_us);
		json_put_text(w, "language", y->language);
		json_put_text(w, "framework", y->framework);
		json_put_text(w, "image", y->image);
		json_put_integer(w, "bytes", y->bytes);
		json_put_integer(w, "files", y->files);
		json_put_text(w, "used", used);
		json_put_texts(w, "packages", y->asked, y->nasked);
	}
	json_close(w, '}');
}

static void print_layer(const char *name, const struct layer *y, bool sound)
{
	char used[TIME_TEXT_MAX] = "-";

	if (sound)
		time_format(used, y->used_us);
	printf("%.8s %-12s %-14s %8.0f %7" PRId64 "  %.19sZ", name, sound ? y->language : "-",
	       sound && *y->framework ? y->framework : "-", sound ? (double)y->bytes / 1024 : 0,
	       sound ? (int64_t)y->files : 0, used);
	for (size_t i = 0; sound && i < y->nasked; i++)
		printf(" %s", y->asked[i]);
	putchar('\n');
}

static int list_one(void *arg, const char *name)
{
	struct list *t = arg;
	struct cee_err e = { "" };
	struct layer y;
	bool sound = layer_read(t->l, name, &y, &e) == 0;

	if (t->w)
		put_layer(t->w, name, &y, sound);
	else
		print_layer(name, &y, sound);
	layer_release(&y);
	return 0;
}

/* l may be NULL: there are no layers. */
static int list_text(struct layers *l)
{
	printf("%-8s %-12s %-14s %8s %7s  %-20s %s\n", "LAYER", "LANGUAGE", "FRAMEWORK", "KB", "FILES", "USED",
	       "PACKAGES");
	return l ? layers_each(l, list_one, &(struct list){ .l = l }) : 0;
}

static int list_json(struct layers *l)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	int r = 0;

	json_open(&w, NULL, '[');
	if (l)
		r = layers_each(l, list_one, &(struct list){ .l = l, .w = &w });
	json_close(&w, ']');
	if (json_end_line(&w) < 0)
		prog_die(EX_OSERR, "out of memory");
	fwrite(b.data, 1, b.len, stdout);
	return r;
}

int layers_list(const struct conf *c, bool json)
{
	struct layers l = LAYERS_NONE;
	int r = open_layers(c, &l);

	if (r <= EX_OK && (json ? list_json : list_text)(r == EX_OK ? &l : NULL) < 0)
		r = EX_OSERR;
	layers_close(&l);
	return r < 0 ? EX_OK : r;
}

/* ---- check, prune ------------------------------------------------------------------ */

struct check {
	struct layers *l;
	int sound, damaged;
};

static int check_one(void *arg, const char *name)
{
	struct check *k = arg;
	struct cee_err e;

	if (layer_check(k->l, name, &e) == 0) {
		k->sound++;
	} else if (errno != ENOENT) {
		k->damaged++;
		prog_error("%s; removed (the next job that needs it rebuilds it)", e.msg);
		layer_discard(k->l, name, true);
	}
	return 0;
}

int layers_check_all(const struct conf *c)
{
	struct layers l = LAYERS_NONE;
	struct check k = { .l = &l };
	int r = open_layers(c, &l);

	if (r == EX_OK && layers_each(&l, check_one, &k) < 0)
		r = EX_OSERR;
	if (r == EX_OK)
		layers_sweep(&l);
	layers_close(&l);
	if (r <= 0)
		printf("%d sound, %d damaged\n", k.sound, k.damaged);
	return r < 0 ? EX_OK : r == EX_OK && k.damaged ? EXIT_FAILURE : r;
}

int layers_prune_now(const struct conf *c, int64_t max)
{
	int64_t removed = 0, bytes = 0;
	struct layers l = LAYERS_NONE;
	int r = open_layers(c, &l);

	if (r == EX_OK && layers_prune(&l, max < 0 ? c->layers_max : max, &removed, &bytes) < 0)
		r = EX_OSERR;
	if (r == EX_OK)
		layers_sweep(&l);
	layers_close(&l);
	if (r <= 0)
		printf("removed %" PRId64 " layers, %" PRId64 " KB\n", removed, bytes / 1024);
	return r < 0 ? EX_OK : r;
}

/* ---- building -------------------------------------------------------------------------- */

static char *job_text(const struct lang *l, const char *framework, char **packages, size_t n)
{
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "language", l->name);
	json_put_text(&w, "code", l->hello ? l->hello : "");
	json_put_bool(&w, "check", l->ncheck > 0);
	if (framework)
		json_put_text(&w, "target_framework_monikier", framework);
	json_open(&w, "packages", '[');
	for (size_t i = 0; i < n; i++) {
		char *at = strrchr(packages[i], '@');

		if (!at || at == packages[i] || !at[1])
			prog_usage("%s: not a package (expected NAME@VERSION)", packages[i]);
		json_open(&w, NULL, '{');
		json_put_bytes(&w, "name", packages[i], (size_t)(at - packages[i]));
		json_put_text(&w, "version", at + 1);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	json_close(&w, '}');
	return json_detach(&w);
}

/* Becomes cee-submit, which checks the job, submits it, waits and reports. */
int layers_make(const struct conf *c, const struct lang *l, const char *framework, char **packages, size_t n)
{
	AUTO_FREE char *text = job_text(l, framework, packages, n), *submit = NULL;
	int fd = memfd_create("job", MFD_CLOEXEC);
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	char *argv[] = { "cee-submit", "-w", "-s", c->spool, "-j", "-", NULL };

	if (!text || fd < 0 || len < 0 || write_full(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    dup2(fd, 0) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
	self[len] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	if (asprintf(&submit, "%scee-submit", self) < 0)
		prog_die(EX_OSERR, "out of memory");
	if (c->path)
		setenv("CEE_CONF", c->path, 1);
	execv(submit, argv);
	prog_die(EX_UNAVAILABLE, "%s: %s", submit, strerror(errno));
}
