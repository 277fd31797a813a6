/* image.c - the images that languages run in: found, pulled, built (image.h)
 *
 * An image comes from source.pull where that can be had, else it is put
 * together on cee/base, one small Debian or Ubuntu that all of them share: of
 * the first package of source.distribution that apt can install there, else of
 * source.packages by apt and source.host copied in. Then source.setup runs in it.
 *
 * Rules: labels say what an image was made of (cee.digest) and how (cee.source),
 * and nothing is done twice that the label says is done; an image gets its name
 * only when it is whole (the engine tags at the end of a build); no setting of
 * the host's apt, which may hold a password, is readable in a language's image.
 */
#include "images/image.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/prog.h"
#include "images/child.h"
#include "images/docker_client.h"
#include "images/source.h"
#include "images/tar.h"
#include "job/language.h"

#include <archive.h>
#include <archive_entry.h>
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>


#define BASE "cee/base"
/* changes when this file makes other images of the same sources */
#define RECIPE "1"

enum { PULL_IDLE = 20, TAIL_LINES = 25, TAIL_LINE = 200, CONTEXT_MAX = 64 };

void work_say(struct work *w, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	printf("%s%s%s\n", w->stage, *w->stage ? ": " : "", text);
	fflush(stdout);
}

void work_release(struct work *w)
{
	if (w->engine.curl)
		engine_close(&w->engine);
	source_apt_release(&w->apt);
}

/* ---- looking ----------------------------------------------------------- */

static void copy_string(char *to, size_t size, const cJSON *o, const char *key)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));

	snprintf(to, size, "%s", s ? s : "");
}

int image_look(struct engine *e, const char *name, struct image *i, struct cee_err *err)
{
	AUTO_BUF struct buf path = { 0 }, answer = { 0 };
	const cJSON *labels, *size;
	cJSON *o;
	int status;

	memset(i, 0, sizeof *i);
	if (buf_printf(&path, "/images/%s/json", name) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(e, "GET", path.data, NULL, &answer, err);
	if (status < 0)
		return -1;
	if (status == 404)
		return 0;
	if (status != 200)
		return cee_fail(err, EIO, "image %s: %s", name, engine_message(&answer));
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "Config"), "Labels");
	size = cJSON_GetObjectItemCaseSensitive(o, "Size");
	copy_string(i->id, sizeof i->id, o, "Id");
	copy_string(i->source, sizeof i->source, labels, "cee.source");
	copy_string(i->digest, sizeof i->digest, labels, "cee.digest");
	copy_string(i->with, sizeof i->with, labels, "cee.with");
	copy_string(i->frameworks, sizeof i->frameworks, labels, "cee.frameworks");
	copy_string(i->versions, sizeof i->versions, labels, "cee.versions");
	i->size = cJSON_IsNumber(size) ? (int64_t)size->valuedouble : 0;
	i->present = i->id[0] != '\0';
	cJSON_Delete(o);
	return 0;
}

/* A name that goes into a path of the API and a FROM line as it stands. */
static int image_name_check(const char *name, struct cee_err *err)
{
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@") : 0;

	if (!n || name[n] || n > 200 || strstr(name, "..") || name[0] == '/')
		return cee_fail(err, EINVAL, "image: '%s': expected NAME:TAG", name ? name : "");
	return 0;
}

/* Has the image a name, of whatever repository? Deleting it by its id would take that as well. */
static bool image_named(struct engine *e, const char *path)
{
	AUTO_BUF struct buf look = { 0 }, answer = { 0 };
	cJSON *o;
	bool named = true;

	if (buf_printf(&look, "%s/json", path) < 0 || engine_call(e, "GET", look.data, NULL, &answer, NULL) != 200)
		return named;
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	named = !o || cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(o, "RepoTags")) > 0;
	cJSON_Delete(o);
	return named;
}

/* An image that lost its name to a newer one goes, unless a box still uses it. */
static void image_drop(struct engine *e, const char *id)
{
	AUTO_BUF struct buf path = { 0 }, answer = { 0 };

	if (*id && buf_printf(&path, "/images/%s", id) == 0 && !image_named(e, path.data))
		engine_call(e, "DELETE", path.data, NULL, &answer, NULL);
}

/* ---- progress ----------------------------------------------------------- */

/* Steps are shown as they come; of the rest the last lines are kept, to be
 * shown when it ends badly. */
struct progress {
	struct work *w;
	char apt[TAIL_LINE]; /* what apt found wrong, its first "E: …" */
	char tail[TAIL_LINES][TAIL_LINE];
	size_t n;
	char last[TAIL_LINE];
};

static void progress_line(struct progress *p, const char *line, size_t len)
{
	char text[TAIL_LINE];

	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (!len)
		return;
	snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
	if (!*p->apt && !strncmp(text, "E: ", 3))
		snprintf(p->apt, sizeof p->apt, "%s", text + 3);
	if (p->w->verbose || !strncmp(text, "Step ", 5))
		work_say(p->w, "%.110s%s", text, strlen(text) > 110 && !p->w->verbose ? " …" : "");
	memcpy(p->tail[p->n++ % TAIL_LINES], text, sizeof text);
}

static void build_said(void *arg, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		progress_line(arg, text, len);
		text += len + (text[len] == '\n');
	}
}

static void progress_tail(const struct progress *p)
{
	size_t from = p->n > TAIL_LINES ? p->n - TAIL_LINES : 0;

	for (size_t i = from; i < p->n && !p->w->verbose; i++)
		work_say(p->w, "| %s", p->tail[i % TAIL_LINES]);
}

/* A pull tells of each layer many times: each new sentence once. */
static void pull_said(void *arg, const char *text)
{
	struct progress *p = arg;

	if (strncmp(text, p->last, sizeof p->last - 1) && p->w->verbose)
		work_say(p->w, "%s", text);
	snprintf(p->last, sizeof p->last, "%s", text);
}

static int writer_finish(void *arg)
{
	return child_wait(arg);
}

/* ---- the base ------------------------------------------------------------ */

static void apt_digest(const struct source_apt *a, char out[17])
{
	struct digest d;

	digest_init(&d);
	digest_add(&d, RECIPE);
	digest_add(&d, a->suite);
	for (size_t i = 0; i < a->nlines; i++)
		digest_add(&d, a->lines[i]);
	for (size_t i = 0; i < a->noptions; i++)
		digest_add(&d, a->options[i]);
	digest_text(&d, out);
}

/* mmdebstrap's arguments. usr-is-merged keeps perl out (usrmerge needs it);
 * documentation and translations are left out of all images. Settings of apt
 * are root's alone from the start. */
static char **base_argv(const struct source_apt *a)
{
	static const char *const fixed[] = {
		"mmdebstrap",
		"--quiet",
		"--variant=apt",
		"--format=tar",
		"--include=usr-is-merged",
		"--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
		"--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
		"--dpkgopt=path-exclude=/usr/share/locale/*",
		"--customize-hook=chmod -R go= \"$1\"/etc/apt/apt.conf.d \"$1\"/etc/apt/sources.list*",
	};
	size_t nfixed = sizeof fixed / sizeof *fixed, n = 0;
	char **v = calloc(nfixed + a->noptions + a->nlines + 3, sizeof *v);
	char text[1100];

	if (!v)
		return NULL;
	for (size_t i = 0; i < nfixed; i++)
		v[n++] = strdup(fixed[i]);
	for (size_t i = 0; i < a->noptions; i++) {
		snprintf(text, sizeof text, "--aptopt=%s", a->options[i]);
		v[n++] = strdup(text);
	}
	v[n++] = strdup(a->suite);
	v[n++] = strdup("-");
	for (size_t i = 0; i < a->nlines; i++)
		v[n++] = strdup(a->lines[i]);
	return v;
}

/* The last lines of what a program said. */
static void log_tail(struct work *w, int log)
{
	struct progress p = { .w = w };
	AUTO_BUF struct buf text = { 0 };
	off_t size = lseek(log, 0, SEEK_END);
	char block[4096];
	ssize_t got;

	lseek(log, size > (off_t)sizeof block ? size - (off_t)sizeof block : 0, SEEK_SET);
	while ((got = read(log, block, sizeof block)) > 0)
		if (buf_add(&text, block, (size_t)got) < 0)
			return;
	if (text.data)
		build_said(&p, text.data);
	progress_tail(&p);
}

static int base_import(struct work *w, const char *digest, struct cee_err *err)
{
	AUTO_BUF struct buf path = { 0 };
	AUTO_CLOSE int log = w->verbose ? -1 : memfd_create("mmdebstrap", MFD_CLOEXEC);
	struct child c = { .log = log };
	struct engine_source src = { "application/x-tar", -1, writer_finish, &c };
	char **argv = base_argv(&w->apt), found[PATH_MAX];
	int r;

	if (!child_which("mmdebstrap", found)) {
		strv_free(argv);
		return cee_fail(err, ENOENT, "mmdebstrap is not installed; run scripts/install-deps run");
	}
	r = argv ? child_exec(&c, argv, err) : cee_fail(err, ENOMEM, "out of memory");
	strv_free(argv);
	if (r < 0)
		return -1;
	src.fd = c.fd;
	r = buf_printf(&path,
		       "/images/create?fromSrc=-&repo=" BASE "&tag=latest"
		       "&changes=LABEL%%20cee.digest%%3D%s",
		       digest);
	if (r == 0)
		r = engine_post(&w->engine, path.data, &src, 0, NULL, NULL, err);
	child_stop(&c);
	if (r < 0 && log >= 0 && !engine_interrupted)
		log_tail(w, log);
	return r;
}

/* The base for this run of cee-lang: there, of today's sources, its id in w->base_id. */
static int base_make(struct work *w, struct cee_err *err)
{
	struct image before, after;
	char digest[17];

	if (!w->have_apt && source_apt(&w->apt, err) < 0)
		return -1;
	w->have_apt = true;
	apt_digest(&w->apt, digest);
	if (image_look(&w->engine, BASE ":latest", &before, err) < 0)
		return -1;
	if (before.present && !strcmp(before.digest, digest) && !(w->force && !w->base_ready)) {
		snprintf(w->base_id, sizeof w->base_id, "%s", before.id);
		return 0;
	}
	work_say(w, "making " BASE " (%s, by mmdebstrap; about half a minute)", w->apt.suite);
	if (base_import(w, digest, err) < 0)
		return -1;
	if (image_look(&w->engine, BASE ":latest", &after, err) < 0 || !after.present)
		return cee_fail(err, EIO, BASE ": the engine took it and does not have it");
	snprintf(w->base_id, sizeof w->base_id, "%s", after.id);
	if (before.present && strcmp(before.id, after.id))
		image_drop(&w->engine, before.id);
	w->base_ready = true;
	return 0;
}

/* ---- a language ------------------------------------------------------------ */

/* Which of a language's sources an image is made of. */
struct origin {
	enum { ORIGIN_HOST, ORIGIN_DISTRIBUTION, ORIGIN_PULL } kind; /* HOST: packages and host */
	const char *package; /* of the distribution, in the language; NULL: one that it does not name any more */
};

static const char from_pull[] = "pull ", from_distribution[] = "distribution ";

/* What the label says. */
static struct origin image_origin(const struct lang *l, const struct image *i)
{
	struct origin o = { ORIGIN_HOST, NULL };
	const char *name = i->source + sizeof from_distribution - 1;

	if (!strncmp(i->source, from_pull, sizeof from_pull - 1))
		o.kind = ORIGIN_PULL;
	if (strncmp(i->source, from_distribution, sizeof from_distribution - 1))
		return o;
	o.kind = ORIGIN_DISTRIBUTION;
	for (size_t k = 0, n = strcspn(name, ","); k < l->ndistribution; k++)
		if (strlen(l->distribution[k]) == n && !strncmp(l->distribution[k], name, n))
			o.package = l->distribution[k];
	return o;
}

/* Is hostdirs[i] copied into an image of this origin? Where the language comes from elsewhere,
 * what lies beside its file, and besides, on cee/base, what the host may have. */
static bool host_wanted(const struct lang *l, struct origin o, size_t i)
{
	return o.kind == ORIGIN_HOST || lang_beside(l, i) || (o.kind == ORIGIN_DISTRIBUTION && lang_optional(l, i));
}

/* What an image of this language is made of, by its origin. What the
 * language file says besides (commands, limits) needs no new image. */
static void lang_digest(struct work *w, const struct lang *l, struct origin o, const char *with, char out[17])
{
	struct digest d;

	digest_init(&d);
	digest_add(&d, RECIPE);
	digest_add(&d, o.kind == ORIGIN_PULL && l->pull ? l->pull : w->base_id);
	if (o.kind == ORIGIN_DISTRIBUTION) {
		digest_add(&d, from_distribution);
		digest_add(&d, o.package ? o.package : "");
	}
	for (size_t i = 0; o.kind == ORIGIN_HOST && i < l->npackages; i++)
		digest_add(&d, l->packages[i]);
	if (o.kind != ORIGIN_PULL && *with) {
		digest_add(&d, l->with);
		digest_add(&d, with);
	}
	for (size_t i = 0; i < l->nsetup; i++)
		digest_add(&d, l->setup[i]);
	for (size_t i = 0; i < l->nhostdirs; i++) {
		AUTO_FREE char *from = NULL;
		const char *to;

		if (!host_wanted(l, o, i))
			continue;
		if (source_host(l->hostdirs[i], &from, &to, NULL) < 0 || !from) {
			digest_add(&d, l->hostdirs[i]);
		} else if (lang_beside(l, i) ? source_contents(&d, from) : source_content(&d, from)) {
			digest_add(&d, to);
		} else {
			digest_add(&d, l->hostdirs[i]);
			source_fingerprint(&d, from);
		}
	}
	digest_text(&d, out);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int image_with(const char *list, char out[WITH_MAX], struct cee_err *err)
{
	char text[WITH_MAX], *save = NULL, *names[WITH_MAX / 2];
	size_t n = 0, len = 0;

	*out = '\0';
	if ((size_t)snprintf(text, sizeof text, "%s", list) >= sizeof text)
		return cee_fail(err, EINVAL, "--with: at most %d bytes", WITH_MAX - 1);
	for (char *s = strtok_r(text, ", ", &save); s; s = strtok_r(NULL, ", ", &save)) {
		if (!isalnum((unsigned char)*s) || s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-")])
			return cee_fail(err, EINVAL,
					"--with: '%.60s': lower-case letters, digits, '+', '.' and '-' make a name", s);
		names[n++] = s;
	}
	qsort(names, n, sizeof *names, by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]))
			len += (size_t)snprintf(out + len, WITH_MAX - len, "%s%s", len ? "," : "", names[i]);
	return 0;
}

/* What was asked for with --with, now or when the image was made; "" where the language has no such thing. */
static const char *kept_with(const struct work *w, const struct lang *l, const struct image *i)
{
	return !l->with ? "" : w->with ? w->with : i->with;
}

bool image_is_old(struct work *w, const struct lang *l, const struct image *i)
{
	struct origin o = image_origin(l, i);
	struct image base;
	char digest[17];

	if (o.kind != ORIGIN_PULL && !*w->base_id && image_look(&w->engine, BASE ":latest", &base, NULL) == 0)
		snprintf(w->base_id, sizeof w->base_id, "%s", base.id);
	lang_digest(w, l, o, kept_with(w, l, i), digest);
	return strcmp(digest, i->digest) != 0;
}

/* RUN ["/bin/sh", "-euc", "TEXT"]: in this form the engine's parser leaves TEXT alone. */
static int put_run(struct buf *b, const char *text)
{
	cJSON *s = cJSON_CreateString(text);
	AUTO_FREE char *quoted = s ? cJSON_PrintUnformatted(s) : NULL;
	int r = quoted ? buf_printf(b, "RUN [\"/bin/sh\", \"-euc\", %s]\n", quoted) : -1;

	cJSON_Delete(s);
	return r;
}

static const char install_begin[] = "export DEBIAN_FRONTEND=noninteractive; apt-get -q update; "
				    "apt-get -q install -y --no-install-recommends";
static const char install_end[] = "; rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log";

/* Apart from the language's own, so that the engine makes those once. */
static int put_with(struct buf *b, const struct lang *l, const char *with, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	const char *at = l->with ? strstr(l->with, "{name}") : NULL;
	int r = buf_printf(&line, "%s", install_begin);

	if (!at)
		return cee_fail(err, EINVAL,
				"its language file does not say which packages --with means (source.with)");
	for (size_t n; r == 0 && *with; with += n + (with[n] == ',')) {
		n = strcspn(with, ",");
		r = buf_printf(&line, " '%.*s%.*s%s'", (int)(at - l->with), l->with, (int)n, with, at + 6);
	}
	if (r == 0)
		r = buf_printf(&line, "%s", install_end);
	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

static int put_packages(struct buf *b, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	int r = buf_printf(&line, "%s", install_begin);

	for (size_t i = 0; r == 0 && i < l->npackages; i++) {
		if (strchr(l->packages[i], '\'') || l->packages[i][0] == '-' || !l->packages[i][0])
			return cee_fail(err, EINVAL, "source.packages: '%s' is no package's name", l->packages[i]);
		r = buf_printf(&line, " '%s'", l->packages[i]);
	}
	if (r == 0)
		r = buf_printf(&line, "%s", install_end);
	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

/* One that alone is the language. It is asked for by its name first: apt-get takes one that it
 * does not know for an expression, and installs others. What it says on standard error is told in
 * one piece, since the engine cuts and colours that. */
static int put_distribution(struct buf *b, const char *package, struct cee_err *err)
{
	AUTO_BUF struct buf line = { 0 };
	int r = buf_printf(&line,
			   "apt-get -q update; apt-cache pkgnames '%s' | grep -qxF '%s' || "
			   "{ echo; echo 'E: Unable to locate package %s'; exit 100; }; "
			   "DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends '%s' 2> "
			   "/tmp/said || "
			   "{ echo; cat /tmp/said; exit 100; }; rm /tmp/said%s",
			   package, package, package, package, install_end);

	return r == 0 && put_run(b, line.data) == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

/* What goes from the host into an image: host_wanted. */
struct context {
	const char *dockerfile;
	char *paths[CONTEXT_MAX];     /* malloc'ed */
	const char *tos[CONTEXT_MAX]; /* in the language */
	size_t n, first_beside;
};

static void context_release(struct context *c)
{
	while (c->n)
		free(c->paths[--c->n]);
}

static int context_add(struct context *c, const struct lang *l, struct origin o, bool beside, struct cee_err *err)
{
	for (size_t i = 0; i < l->nhostdirs; i++) {
		if (lang_beside(l, i) != beside || !host_wanted(l, o, i))
			continue;
		if (c->n == CONTEXT_MAX)
			return cee_fail(err, EINVAL, "source.host: at most %d", CONTEXT_MAX);
		if (source_host(l->hostdirs[i], &c->paths[c->n], &c->tos[c->n], err) < 0)
			return -1;
		c->n += c->paths[c->n] != NULL;
	}
	return 0;
}

static int context_find(struct context *c, const struct lang *l, struct origin o, struct cee_err *err)
{
	if (context_add(c, l, o, false, err) < 0)
		return -1;
	c->first_beside = c->n;
	return context_add(c, l, o, true, err);
}

static int put_copy(struct buf *b, const struct context *c, size_t i)
{
	return buf_printf(b, "COPY [\"host/%zu\", \"%s\"]\n", i, c->tos[i]);
}

static int dockerfile_make(struct buf *b, const struct lang *l, const struct context *c, struct origin o,
			   const char *with, struct cee_err *err)
{
	bool pulled = o.kind == ORIGIN_PULL;
	int r = buf_printf(b, "FROM %s\n", pulled ? l->pull : BASE ":latest");

	for (size_t i = 0; r == 0 && i < c->n; i++)
		if (strpbrk(c->tos[i], "\"\\\n$"))
			return cee_fail(err, EINVAL, "source.host: '%s': no quotes, \\ or $ in there", c->tos[i]);
	for (size_t i = 0; r == 0 && i < c->first_beside; i++)
		r = put_copy(b, c, i);
	if (r == 0 && o.kind == ORIGIN_DISTRIBUTION && put_distribution(b, o.package, err) < 0)
		return -1;
	if (r == 0 && o.kind == ORIGIN_HOST && l->npackages && put_packages(b, l, err) < 0)
		return -1;
	if (r == 0 && !pulled && *with && put_with(b, l, with, err) < 0)
		return -1;
	for (size_t i = c->first_beside; r == 0 && i < c->n; i++) /* after what takes long: these change */
		r = put_copy(b, c, i);
	for (size_t i = 0; r == 0 && i < l->nsetup; i++)
		r = put_run(b, l->setup[i]);
	if (r == 0 && !pulled)
		r = put_run(b, "rm -rf /etc/apt/apt.conf.d/* /etc/apt/sources.list*");
	return r == 0 ? 0 : cee_fail(err, ENOMEM, "out of memory");
}

static int context_write(void *arg, int fd)
{
	const struct context *c = arg;
	struct cee_err err = { "" };

	if (tar_context(fd, c->dockerfile, c->paths, c->n, &err) == 0)
		return 0;
	prog_error("%s", err.msg);
	return 1;
}

/* {"NAME":"value"…} escaped for a query */
static char *query_object(const char *const *pairs, size_t n)
{
	cJSON *o = cJSON_CreateObject();
	char *text, *escaped = NULL;

	for (size_t i = 0; i + 1 < n; i += 2)
		if (pairs[i + 1])
			cJSON_AddStringToObject(o, pairs[i], pairs[i + 1]);
	text = cJSON_PrintUnformatted(o);
	if (text)
		escaped = engine_escape(text);
	free(text);
	cJSON_Delete(o);
	return escaped;
}

/* Proxies of the environment are build arguments that the engine knows and
 * does not write into the image's history. */
static char *proxy_arguments(void)
{
	const char *pairs[] = {
		"http_proxy",	       getenv("http_proxy"), "https_proxy",
		getenv("https_proxy"), "no_proxy",	     getenv("no_proxy"),
	};

	return query_object(pairs, sizeof pairs / sizeof *pairs);
}

static int build_path(struct work *w, const struct lang *l, const char *source, const char *digest, const char *with,
		      struct buf *path)
{
	const char *pairs[] = { "cee.language", l->name, "cee.source", source, "cee.digest", digest, "cee.with", with };
	AUTO_FREE char *labels = query_object(pairs, 8), *args = proxy_arguments();
	AUTO_FREE char *name = engine_escape(l->image);

	if (!labels || !args || !name)
		return -1;
	return buf_printf(path, "/build?t=%s&rm=1&forcerm=1%s%s&labels=%s&buildargs=%s", name,
			  w->force ? "&nocache=1" : "", w->apt.local_proxy ? "&networkmode=host" : "", labels, args);
}

static int context_send(struct work *w, const char *path, struct context *c, struct cee_err *err)
{
	struct progress p = { .w = w };
	struct child writer = { .log = -1 };
	struct engine_source src = { "application/x-tar", -1, writer_finish, &writer };
	int r;

	if (child_fork(&writer, context_write, c, err) < 0)
		return -1;
	src.fd = writer.fd;
	r = engine_post(&w->engine, path, &src, 0, build_said, &p, err);
	w->not_installed = r < 0 && *p.apt;
	if (w->trying && w->not_installed)
		cee_fail(err, ENOENT, "%s", p.apt);
	else if (r < 0 && !engine_interrupted)
		progress_tail(&p);
	child_stop(&writer);
	return r;
}

/* ---- which frameworks and versions an image has ------------------------------- */

/* The content of the one file in an answer of the engine's archive call. */
static int archive_text(const struct buf *tar, char *text, size_t size)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	la_ssize_t n = -1;

	archive_read_support_format_tar(a);
	if (tar->len && archive_read_open_memory(a, tar->data, tar->len) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK)
		n = archive_read_data(a, text, size - 1);
	archive_read_free(a);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0 ? 0 : -1;
}

/* The file /usr/lib/cee/NAME/WHAT of the image, "" where there is none: asked of a container that never runs. */
static int told_read(struct work *w, const struct lang *l, const char *what, char *text, size_t size,
		     struct cee_err *err)
{
	AUTO_BUF struct buf body = { 0 }, answer = { 0 }, path = { 0 }, tar = { 0 }, gone = { 0 };
	AUTO_FREE char *name = engine_escape(l->name); /* may have a '#' */
	char id[80];
	cJSON *o;
	int status;

	*text = '\0';
	if (!name || buf_printf(&body, "{\"Image\":\"%s\",\"Cmd\":[\"none\"]}", l->image) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(&w->engine, "POST", "/containers/create", body.data, &answer, err);
	if (status != 201)
		return status < 0 ? -1 : cee_fail(err, EIO, "%s: %s", l->image, engine_message(&answer));
	o = cJSON_ParseWithLength(answer.data ? answer.data : "", answer.len);
	copy_string(id, sizeof id, o, "Id");
	cJSON_Delete(o);
	if (buf_printf(&path, "/containers/%s/archive?path=/usr/lib/cee/%s/%s", id, name, what) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	status = engine_call(&w->engine, "GET", path.data, NULL, &tar, err);
	path.len = 0;
	if (buf_printf(&path, "/containers/%s?force=1&v=1", id) == 0)
		engine_call(&w->engine, "DELETE", path.data, NULL, &gone, NULL);
	if (status < 0 || (status == 200 && archive_text(&tar, text, size) < 0))
		return status < 0 ? -1 : cee_fail(err, EIO, "%s: its list of %s cannot be read", l->image, what);
	return 0;
}

/* "FRAMEWORK TEXT" a line, as a label has it: with ; between. What would end a label's text is left out. */
static int runtimes_read(struct work *w, const struct lang *l, char *text, size_t size, struct cee_err *err)
{
	char *to = text;

	if (told_read(w, l, "runtimes", text, size, err) < 0)
		return -1;
	for (const char *p = text; *p; p++)
		if (*p == '\n')
			*to++ = ';';
		else if (isalnum((unsigned char)*p) || strchr(" .+-_", *p))
			*to++ = *p;
	*to = '\0';
	return 0;
}

/* An image that has not every framework of its language says so in a label, and what they run on in another. */
static int frameworks_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_BUF struct buf have = { 0 };
	char text[400], runtimes[1000];

	if (!l->nframeworks)
		return 0;
	if (told_read(w, l, "frameworks", text, sizeof text, err) < 0 ||
	    runtimes_read(w, l, runtimes, sizeof runtimes, err) < 0)
		return -1;
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
		for (size_t i = 0; i < l->nframeworks; i++)
			if (!strcmp(word, l->frameworks[i]) && buf_printf(&have, "%s%s", have.len ? " " : "", word) < 0)
				return cee_fail(err, ENOMEM, "out of memory");
	if (!have.len)
		return 0;
	if (buf_printf(labels, "LABEL cee.frameworks=\"%s\" cee.runtimes=\"%s\"\n", have.data, runtimes) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	work_say(w, "has the frameworks %s", have.data);
	return 0;
}

/* Which versions of its language it has, as its setup found out. */
static int versions_label(struct work *w, const struct lang *l, struct buf *labels, struct cee_err *err)
{
	AUTO_FREE char *words = NULL;
	char text[LANG_VERSIONS * (LANG_VERSION_LEN + 1) + 1];

	if (told_read(w, l, "versions", text, sizeof text, err) < 0)
		return -1;
	if (strlen(text) == sizeof text - 1)
		*(strrchr(text, '\n') ? strrchr(text, '\n') : text) = '\0'; /* the last one may be a part */
	words = lang_versions_read(text);
	if (!words || (*words && buf_printf(labels, "LABEL cee.versions=\"%s\"\n", words) < 0))
		return cee_fail(err, ENOMEM, "out of memory");
	if (*words)
		work_say(w, "has the versions %s", words);
	return 0;
}

/* What the image that was just made says of itself becomes labels of it. */
static int labels_add(struct work *w, const struct lang *l, struct cee_err *err)
{
	AUTO_BUF struct buf labels = { 0 }, dockerfile = { 0 }, path = { 0 };
	AUTO_FREE char *name = engine_escape(l->image);
	struct context c = { .n = 0 };

	if (frameworks_label(w, l, &labels, err) < 0 || versions_label(w, l, &labels, err) < 0)
		return -1;
	if (!labels.len)
		return 0;
	if (!name || buf_printf(&dockerfile, "FROM %s\n%s", l->image, labels.data) < 0 ||
	    buf_printf(&path, "/build?t=%s&rm=1&forcerm=1", name) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	c.dockerfile = dockerfile.data;
	return context_send(w, path.data, &c, err);
}

static int lang_make(struct work *w, const struct lang *l, struct origin o, const char *source, struct context *c,
		     struct cee_err *err)
{
	AUTO_BUF struct buf dockerfile = { 0 }, path = { 0 };
	struct image before, after;
	const char *with;
	char digest[17], full[700];

	if (image_look(&w->engine, l->image, &before, err) < 0)
		return -1;
	with = o.kind == ORIGIN_PULL ? "" : kept_with(w, l, &before);
	if (*with) {
		snprintf(full, sizeof full, "%.250s, with %s", source, with);
		source = full;
	}
	lang_digest(w, l, o, with, digest);
	if (dockerfile_make(&dockerfile, l, c, o, with, err) < 0)
		return -1;
	if (build_path(w, l, source, digest, *with ? with : NULL, &path) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	c->dockerfile = dockerfile.data;
	work_say(w, "building %s (%s)", l->image, source);
	if (context_send(w, path.data, c, err) < 0 || labels_add(w, l, err) < 0 ||
	    image_look(&w->engine, l->image, &after, err) < 0)
		return -1;
	if (!after.present)
		return cee_fail(err, EIO, "%s: the engine built it and does not have it", l->image);
	if (before.present && strcmp(before.id, after.id))
		image_drop(&w->engine, before.id);
	work_say(w, "%s is ready, %lld MB", l->image, (long long)(after.size >> 20));
	return 1;
}

/* From the packages and the directories of the host, all of which must be there. */
static int lang_assemble(struct work *w, const struct lang *l, struct cee_err *err)
{
	struct origin o = { ORIGIN_HOST, NULL };
	struct context c = { .n = 0 };
	char source[200];
	int r = context_find(&c, l, o, err);

	w->no_source = r < 0;
	if (r == 0)
		r = base_make(w, err);
	if (r == 0) {
		snprintf(source, sizeof source, "%s%s%s",
			 l->npackages	? "packages"
			 : l->nhostdirs ? ""
					: "base",
			 l->npackages && l->nhostdirs ? " and " : "", l->nhostdirs ? "host " : "");
		if (l->nhostdirs)
			snprintf(source + strlen(source), sizeof source - strlen(source), "%.150s", c.paths[0]);
		r = lang_make(w, l, o, source, &c, err);
	}
	context_release(&c);
	return r;
}

/* Of one package of the distribution, which has it or does not. */
static int lang_distribution(struct work *w, const struct lang *l, const char *package, struct cee_err *err)
{
	struct origin o = { ORIGIN_DISTRIBUTION, package };
	struct context c = { .n = 0 };
	char source[200];
	int r = context_find(&c, l, o, err);

	snprintf(source, sizeof source, "%s%s", from_distribution, package);
	w->trying = true;
	if (r == 0)
		r = lang_make(w, l, o, source, &c, err);
	w->trying = false;
	context_release(&c);
	return r;
}

/* Is there a source after the image to pull and the packages of the distribution? What lies beside
 * the language file, and what may be missing, is none by itself. */
static bool has_rest(const struct lang *l)
{
	size_t need = 0;

	for (size_t i = 0; i < l->nhostdirs; i++)
		need += !lang_beside(l, i) && !lang_optional(l, i);
	return l->npackages || need;
}

/* The first that works: 1. 0: there is none, and another source may be tried. */
static int distribution_try(struct work *w, const struct lang *l, bool *broken, struct cee_err *err)
{
	if (l->ndistribution && base_make(w, err) < 0)
		return -1;
	for (size_t i = 0; i < l->ndistribution; i++) {
		bool last = i + 1 == l->ndistribution && !has_rest(l);

		w->not_installed = false;
		if (lang_distribution(w, l, l->distribution[i], err) >= 0)
			return 1;
		if (engine_interrupted)
			return -1;
		*broken |= !w->not_installed;
		if (!last)
			work_say(w, "not from the distribution's %s (%s); next source", l->distribution[i], err->msg);
	}
	return 0;
}

int image_pull(struct work *w, const struct lang *l, struct cee_err *err)
{
	struct origin o = { ORIGIN_PULL, NULL };
	AUTO_BUF struct buf path = { 0 };
	struct progress p = { .w = w };
	struct context c = { .n = 0 };
	AUTO_FREE char *name = NULL;
	char source[256];
	int r;

	if (!l->pull)
		return cee_fail(err, EINVAL, "its language file names no image to pull (source.pull)");
	if (image_name_check(l->pull, err) < 0)
		return -1;
	name = engine_escape(l->pull);
	if (!name || buf_printf(&path, "/images/create?fromImage=%s", name) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	work_say(w, "pulling %s", l->pull);
	if (engine_post(&w->engine, path.data, NULL, PULL_IDLE, pull_said, &p, err) < 0)
		return -1;
	snprintf(source, sizeof source, "%s%s", from_pull, l->pull);
	r = context_find(&c, l, o, err);
	if (r == 0)
		r = lang_make(w, l, o, source, &c, err);
	context_release(&c);
	return r;
}

int image_build(struct work *w, const struct lang *l, struct cee_err *err)
{
	bool broken = false;
	struct image now;
	int r;

	if (image_name_check(l->image, err) < 0 || image_look(&w->engine, l->image, &now, err) < 0)
		return -1;
	if (w->with && !l->with)
		return cee_fail(err, EINVAL,
				"--with: its language file does not say which packages that means (source.with)");
	if (now.present && !w->force && !image_is_old(w, l, &now)) {
		work_say(w, "%s is up to date (%s)", l->image, now.source);
		return 0;
	}
	if (l->pull) {
		if (image_pull(w, l, err) >= 0)
			return 1;
		w->no_source = !l->ndistribution && !has_rest(l);
		if (engine_interrupted || w->no_source)
			return -1;
		work_say(w, "not pulled (%s); next source", err->msg);
	}
	r = distribution_try(w, l, &broken, err);
	if (r == 0 && l->ndistribution && !has_rest(l)) {
		w->no_source = true;
		r = -1;
	} else if (r == 0) {
		r = lang_assemble(w, l, err);
	}
	/* one that was there and did not become an image is a failure, whatever else is not there */
	w->no_source = w->no_source && !broken;
	return r;
}
