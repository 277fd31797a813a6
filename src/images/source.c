/* source.c - the host's files, release and package sources, from which images are built (source.h)
 *
 * cee names no mirror and no proxy: images use the mirrors and proxies of the
 * host's apt. They are read with apt-get indextargets and apt-config, which
 * understand every format of sources.
 */
#include "images/source.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "images/child.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LEVELS = 2, CAPTURE_MAX = 1 << 20, CONTENT_MAX = 64 << 10 };

/* FNV-1a, 64 bits */
void digest_init(struct digest *d)
{
	d->v = 14695981039346656037u;
}

static void digest_bytes(struct digest *d, const char *p, size_t len)
{
	for (; len; p++, len--) {
		d->v ^= (unsigned char)*p;
		d->v *= 1099511628211u;
	}
}

void digest_add(struct digest *d, const char *text)
{
	digest_bytes(d, text, strlen(text) + 1);
}

void digest_text(const struct digest *d, char out[17])
{
	snprintf(out, 17, "%016llx", (unsigned long long)d->v);
}

/* ---- directories of the host -------------------------------------------- */

/* Turns /{PROGRAM}/REST into REST beneath the real directory of the program. */
static int program_path(const char *from, char *path, struct cee_err *err)
{
	size_t len = strcspn(from + 2, "}");
	const char *rest = from + 2 + len;
	char name[NAME_MAX + 1], found[PATH_MAX], real[PATH_MAX];
	int n;

	if (!len || len > NAME_MAX || *rest++ != '}' || (*rest && *rest != '/') || memchr(from + 2, '/', len))
		return cee_fail(err, EINVAL, "source.host: '%s': expected /{PROGRAM} or /{PROGRAM}/PATH", from);
	snprintf(name, sizeof name, "%.*s", (int)len, from + 2);
	if (!child_which(name, found) || !realpath(found, real))
		return cee_fail(err, ENOENT, "%s: not found in PATH of this host", name);
	n = snprintf(path, PATH_MAX, "%s%s", dirname(real), rest);
	return n < PATH_MAX ? 0 : cee_fail(err, ENAMETOOLONG, "%s: too long", from);
}

int source_host(const char *spec, char **from, const char **to, struct cee_err *err)
{
	const char *colon = strrchr(spec, ':');
	char name[PATH_MAX], path[PATH_MAX];

	*from = NULL;
	if (!colon || spec[0] != '/' || colon[1] != '/' || colon - spec >= PATH_MAX)
		return cee_fail(err, EINVAL, "source.host: '%s': expected FROM:TO, two absolute paths", spec);
	snprintf(name, sizeof name, "%.*s", (int)(colon - spec), spec);
	*to = colon + 1;
	if (colon > spec && colon[-1] == '?') {
		name[colon - spec - 1] = '\0';
		*from = realpath(name, NULL);
		return 0;
	}
	if (strncmp(name, "/{", 2))
		strcpy(path, name);
	else if (program_path(name, path, err) < 0)
		return -1;
	*from = realpath(path, NULL);
	if (!*from)
		return cee_fail(err, ENOENT, "%s: %s", path, strerror(errno));
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

void source_fingerprint(struct digest *d, const char *path)
{
	char *roots[] = { (char *)path, NULL }, line[PATH_MAX];
	FTS *t = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *f;

	while (t && (f = fts_read(t))) {
		if (f->fts_info == FTS_DP || f->fts_info == FTS_NS || f->fts_info == FTS_DNR)
			continue;
		snprintf(line, sizeof line, "%s %lld %lld", f->fts_name,
			 f->fts_info == FTS_F ? (long long)f->fts_statp->st_size : -1LL,
			 (long long)f->fts_statp->st_mtime);
		digest_add(d, line);
		if (f->fts_level >= LEVELS)
			fts_set(t, f, FTS_SKIP);
	}
	if (t)
		fts_close(t);
}

bool source_content(struct digest *d, const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO_BUF struct buf b = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || read_fd(fd, CONTENT_MAX, &b) < 0)
		return false;
	digest_bytes(d, b.data, b.len);
	return true;
}

bool source_contents(struct digest *d, const char *path)
{
	char *roots[] = { (char *)path, NULL };
	FTS *t = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *f;

	while (t && (f = fts_read(t))) {
		if (f->fts_info == FTS_F && f->fts_level > 0)
			digest_add(d, f->fts_name);
		if (f->fts_info == FTS_F)
			source_content(d, f->fts_accpath);
	}
	if (t)
		fts_close(t);
	return true;
}

/* ---- apt ------------------------------------------------------------------ */

static int list_add(char ***list, size_t *n, const char *line)
{
	char **grown;

	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*list)[i], line))
			return 0;
	grown = realloc(*list, (*n + 1) * sizeof *grown);
	if (!grown)
		return -1;
	*list = grown;
	grown[*n] = strdup(line);
	return grown[(*n)++] ? 0 : -1;
}

static void list_release(char **list, size_t n)
{
	while (n)
		free(list[--n]);
	free(list);
}

/* The value of KEY in os-release(5), without quotes; "" when it is missing */
static void os_release(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	*out = '\0';
	for (const char *l = text; *l; l += strcspn(l, "\n"), l += *l == '\n')
		if (!strncmp(l, key, len) && l[len] == '=') {
			l += len + 1;
			l += strspn(l, "\"'");
			snprintf(out, size, "%.*s", (int)strcspn(l, "\"'\n"), l);
		}
}

/* The release to build images from: the host's Debian or Ubuntu release, or the
 * one that the host's is derived from, else Debian 12. */
static void suite_find(char *suite, size_t size)
{
	static const char *const derived[] = { "DEBIAN_CODENAME", "UBUNTU_CODENAME" };
	AUTO_BUF struct buf text = { 0 };
	char id[32];
	char *cat[] = { "cat", "/etc/os-release", NULL };

	*suite = '\0';
	if (child_capture(cat, CAPTURE_MAX, &text, NULL) == 0 && text.data) {
		os_release(text.data, "ID", id, sizeof id);
		if (!strcmp(id, "debian") || !strcmp(id, "ubuntu"))
			os_release(text.data, "VERSION_CODENAME", suite, size);
		for (size_t i = 0; !*suite && i < 2; i++)
			os_release(text.data, derived[i], suite, size);
	}
	for (const char *s = suite; *s; s++)
		if ((*s < 'a' || *s > 'z') && *s != '-')
			*suite = '\0';
	if (!*suite)
		snprintf(suite, size, "bookworm");
}

/* Turns "REPO RELEASE COMPONENT" of an index target into a line of sources.list, if
 * it belongs to the release, its updates or its security updates */
static int target_take(struct source_apt *a, char *line)
{
	char *repo = strtok(line, " "), *release = strtok(NULL, " "), *component = strtok(NULL, " ");
	char text[1024], with[80];
	const char *const tails[] = { "", "-updates", "-security", "/updates" };

	if (!component || strncmp(repo, "http", 4))
		return 0;
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(with, sizeof with, "%s%s", a->suite, tails[i]);
		if (strcmp(release, with))
			continue;
		snprintf(text, sizeof text, "deb %s %s %s", repo, release, component);
		return list_add(&a->lines, &a->nlines, text);
	}
	return 0;
}

/* Keeps options that set proxies or switch off checks of dates */
static int option_take(struct source_apt *a, char *line)
{
	static const char *const wanted[] = {
		"Acquire::http::",
		"Acquire::https::",
		"Acquire::Check-Valid-Until",
		"Acquire::Check-Date",
	};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (strncasecmp(line, wanted[i], strlen(wanted[i])))
			continue;
		if (strcasestr(line, "Auto-Detect")) /* names a program of the host, which an image does not have */
			return 0;
		if (strcasestr(line, "://127.") || strcasestr(line, "://localhost") || strstr(line, "://[::1]"))
			a->local_proxy = true;
		return list_add(&a->options, &a->noptions, line);
	}
	return 0;
}

static int each_line(char *text, int (*take)(struct source_apt *, char *), struct source_apt *a)
{
	while (text && *text) {
		char *end = strchr(text, '\n');

		if (end)
			*end++ = '\0';
		if (take(a, text) < 0)
			return -1;
		text = end;
	}
	return 0;
}

int source_apt(struct source_apt *a, struct cee_err *err)
{
	AUTO_BUF struct buf targets = { 0 }, config = { 0 };
	char *ask_targets[] = {
		"apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
		NULL
	};
	char *ask_config[] = { "apt-config", "dump", NULL };
	char path[PATH_MAX];

	memset(a, 0, sizeof *a);
	suite_find(a->suite, sizeof a->suite);
	if (!child_which("apt-get", path))
		return 0;
	if (child_capture(ask_targets, CAPTURE_MAX, &targets, err) < 0 ||
	    child_capture(ask_config, CAPTURE_MAX, &config, err) < 0)
		return -1;
	if (each_line(targets.data, target_take, a) < 0 || each_line(config.data, option_take, a) < 0)
		return cee_fail(err, ENOMEM, "out of memory");
	return 0;
}

void source_apt_release(struct source_apt *a)
{
	list_release(a->lines, a->nlines);
	list_release(a->options, a->noptions);
}
