/* layer_command.c - cee-lang layer and prune
 *
 * Only the runner builds layers. To build one ahead of time, cee-lang submits a job that needs it and
 * that checks the language's hello.
 */
#include "images/layer_command.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/time_text.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "job/language.h"
#include "layers/store.h"

#include <cjson/cJSON.h>
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
	cJSON *all;
};

static int list_one(void *arg, const char *name)
{
	struct list *t = arg;
	struct layer y;
	cJSON *o = cJSON_CreateObject(), *asked;
	char used[TIME_TEXT_MAX];
	struct cee_err e = { "" };
	bool sound = layer_read(t->l, name, &y, &e) == 0;

	cJSON_AddStringToObject(o, "id", name);
	cJSON_AddBoolToObject(o, "sound", sound);
	if (sound) {
		cJSON_AddStringToObject(o, "language", y.language);
		cJSON_AddStringToObject(o, "framework", y.framework);
		cJSON_AddStringToObject(o, "image", y.image);
		cJSON_AddNumberToObject(o, "bytes", (double)y.bytes);
		cJSON_AddNumberToObject(o, "files", (double)y.files);
		time_format(used, y.used_us);
		cJSON_AddStringToObject(o, "used", used);
		asked = cJSON_AddArrayToObject(o, "packages");
		for (size_t i = 0; i < y.nasked; i++)
			cJSON_AddItemToArray(asked, cJSON_CreateString(y.asked[i]));
	}
	layer_release(&y);
	cJSON_AddItemToArray(t->all, o);
	return 0;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s ? s : "-";
}

static void print_list(const cJSON *all)
{
	const cJSON *o, *p;

	printf("%-8s %-12s %-14s %8s %7s  %-20s %s\n", "LAYER", "LANGUAGE", "FRAMEWORK", "KB", "FILES", "USED",
	       "PACKAGES");
	cJSON_ArrayForEach(o, all)
	{
		printf("%.8s %-12s %-14s %8.0f %7.0f  %.19sZ", text_of(o, "id"), text_of(o, "language"),
		       *text_of(o, "framework") ? text_of(o, "framework") : "-",
		       cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, "bytes")) / 1024,
		       cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, "files")), text_of(o, "used"));
		p = cJSON_GetObjectItemCaseSensitive(o, "packages");
		for (p = p ? p->child : NULL; p; p = p->next)
			printf(" %s", cJSON_GetStringValue(p));
		putchar('\n');
	}
}

int layers_list(const struct conf *c, bool json)
{
	struct layers l = LAYERS_NONE;
	struct list t = { &l, cJSON_CreateArray() };
	int r = open_layers(c, &l);
	char *text;

	if (r <= 0) {
		if (r == EX_OK && layers_each(&l, list_one, &t) < 0)
			r = EX_OSERR;
		text = json ? cJSON_Print(t.all) : NULL;
		if (text)
			puts(text);
		else
			print_list(t.all);
		free(text);
	}
	cJSON_Delete(t.all);
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
	cJSON *o = cJSON_CreateObject(), *list, *p;
	char *text;

	cJSON_AddStringToObject(o, "language", l->name);
	cJSON_AddStringToObject(o, "code", l->hello ? l->hello : "");
	cJSON_AddBoolToObject(o, "check", l->ncheck > 0);
	if (framework)
		cJSON_AddStringToObject(o, "target_framework_monikier", framework);
	list = cJSON_AddArrayToObject(o, "packages");
	for (size_t i = 0; i < n; i++) {
		char *at = strrchr(packages[i], '@');

		if (!at || at == packages[i] || !at[1])
			prog_usage("%s: not a package (expected NAME@VERSION)", packages[i]);
		*at = '\0';
		cJSON_AddItemToArray(list, p = cJSON_CreateObject());
		cJSON_AddStringToObject(p, "name", packages[i]);
		cJSON_AddStringToObject(p, "version", at + 1);
	}
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	return text;
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
