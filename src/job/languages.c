/* languages.c - the directories of language files: each name belongs to one language, each image has one source */
#include "job/languages.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "job/language.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LANG_MAX = 1 << 20 /* bytes of a file */, DRIVER_MAX = 60000, LANG_PLACES = 8 };

static int is_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".json") == 0;
}

/* The directories, the shipped one first; each overrides those before it. */
struct places {
	char *text; /* of all paths */
	const char *path[LANG_PLACES];
	size_t n;
};

/* A language file: its name, and the directory that has it. */
struct found {
	char *name;
	size_t place;
};

/* The directory that has the files next to l's: its own, or else one that it overrides. */
static char *place_beside(const struct lang *l, const struct places *p, size_t own)
{
	const char *first = NULL;

	for (size_t i = 0; i < l->nhostdirs && !first; i++)
		first = l->hostdirs[i][0] != '/' ? l->hostdirs[i] : NULL;
	for (size_t k = own + 1; first && k-- > 0;) {
		char file[PATH_MAX];

		snprintf(file, sizeof file, "%s/%.*s", p->path[k], (int)strcspn(first, ":?"), first);
		if (access(file, F_OK) == 0)
			return realpath(p->path[k], NULL);
	}
	return realpath(p->path[own], NULL);
}

/* Prefixes the names of files next to the language file with their directory. */
static int host_beside(struct lang *l, const struct places *p, size_t own, struct cee_err *e)
{
	AUTO_FREE char *real = place_beside(l, p, own);

	for (size_t i = 0; i < l->nhostdirs; i++) {
		char *full;

		if (l->hostdirs[i][0] == '/')
			continue;
		if (!real || asprintf(&full, "%s/%s", real, l->hostdirs[i]) < 0)
			return cee_fail(e, real ? ENOMEM : errno, "languages = %.200s: %s", p->path[own],
					strerror(errno));
		free(l->hostdirs[i]);
		l->hostdirs[i] = full;
		if (!l->dir && !(l->dir = strdup(real)))
			return cee_no_memory(e);
	}
	return 0;
}

/* The driver of its sessions, from its own directory or else one that it overrides; it is sent as one argument of a
 * program. text is NULL where there is none. */
static int read_driver(struct lang *l, const struct places *p, size_t own, struct cee_err *e)
{
	AUTO_CLOSE int fd = -1;
	struct buf b = { 0 };

	if (!l->session.driver)
		return 0;
	for (size_t k = own + 1; fd < 0 && k-- > 0;) {
		char file[PATH_MAX];

		snprintf(file, sizeof file, "%s/%s", p->path[k], l->session.driver);
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (fd < 0 && errno == ENOENT) /* a copy of the language's file alone: a language without sessions */
		return 0;
	if (fd < 0 || read_fd(fd, DRIVER_MAX, &b) < 0 || b.len == 0 || strlen(b.data) != b.len) {
		int err = fd < 0 ? errno : EINVAL;

		buf_release(&b);
		return cee_fail(e, err, "%.140s/%.140s: cannot be read as text of 1 to %d bytes", p->path[own],
				l->session.driver, DRIVER_MAX);
	}
	l->session.text = b.data;
	return 0;
}

/* 1: loaded. 0: switched off, by an empty file or a link to /dev/null. */
static int load_one(struct lang *l, const struct places *p, const struct found *found, struct cee_err *e)
{
	AUTO_BUF struct buf b = { 0 };
	AUTO_CLOSE int fd = -1;
	char file[300], path[PATH_MAX];
	struct stat st;

	snprintf(file, sizeof file, "%.140s/%.140s", p->path[found->place], found->name);
	snprintf(path, sizeof path, "%s/%s", p->path[found->place], found->name);
	/* an administrator's file: it may be a symbolic link, unlike a user's */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0)))
		return 0;
	if (fd < 0 || read_fd(fd, LANG_MAX, &b) < 0)
		return cee_fail(e, errno, "%s: %s", file, strerror(errno));
	if (lang_parse(l, file, b.data ? b.data : "", b.len, e) < 0)
		return -1;
	if (host_beside(l, p, found->place, e) == 0 && read_driver(l, p, found->place, e) == 0)
		return 1;
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

/* Two languages may share an image. Then both must state the same source, or one build would
 * undo the other; or only one of them states a source. */
static int one_source(const struct langs *ls, const struct lang *l, struct cee_err *e)
{
	for (size_t k = 0; k < ls->n; k++)
		/* analyzer: a language without an image is not added */
		if (strcmp(ls->l[k].image, l->image) == 0 && lang_has_source(l) && lang_has_source(&ls->l[k]) &&
		    !same_source(&ls->l[k], l))
			return cee_fail(e, EINVAL,
					"languages: %s and %s have the same image, %.100s, but different sources",
					ls->l[k].name, l->name, l->image);
	return 0;
}

/* Checks that each name and alias belongs to one language. */
static int distinct(const struct langs *ls, const struct lang *l, struct cee_err *e)
{
	for (size_t k = 0; k < ls->n; k++) {
		if (answers_to(&ls->l[k], l->name))
			return cee_fail(e, EINVAL, "languages: duplicate name \"%s\": %s has it too", l->name,
					ls->l[k].name);
		for (size_t i = 0; i < l->naliases; i++)
			if (answers_to(&ls->l[k], l->aliases[i]))
				return cee_fail(e, EINVAL, "languages: \"%s\" of %s means %s already", l->aliases[i],
						l->name, ls->l[k].name);
	}
	return 0;
}

static int split(struct places *p, const char *dirs, struct cee_err *e)
{
	*p = (struct places){ .text = strdup(dirs) };
	if (!p->text)
		return cee_no_memory(e);
	for (char *rest = p->text, *one; (one = strsep(&rest, ":"));) {
		if (!*one)
			continue;
		if (p->n == LANG_PLACES)
			return cee_fail(e, EINVAL, "languages: too many directories (at most %d)", LANG_PLACES);
		p->path[p->n++] = one;
	}
	return p->n ? 0 : cee_fail(e, EINVAL, "languages: names no directory");
}

/* Adds the files of one directory; a name that is there already is overridden. */
static int add_place(struct found **all, size_t *n, const struct places *p, size_t place, struct cee_err *e)
{
	AUTO_CLOSE int dirfd = open(p->path[place], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entry = NULL;
	struct found *more;
	int count;

	if (dirfd < 0 && errno == ENOENT && p->n > 1)
		return 0; /* neither an administrator nor a package must have any */
	count = dirfd < 0 ? -1 : scandirat(dirfd, ".", &entry, is_json, alphasort);
	if (count < 0)
		return cee_fail(e, errno, "languages = %.200s: %s", p->path[place], strerror(errno));
	more = realloc(*all, (*n + (size_t)count + 1) * sizeof **all);
	if (more)
		*all = more;
	for (int i = 0; i < count; i++) {
		size_t k = 0;

		while (more && k < *n && strcmp(more[k].name, entry[i]->d_name) != 0)
			k++;
		if (more && k < *n)
			more[k].place = place;
		else if (more && (more[k].name = strdup(entry[i]->d_name)))
			more[(*n)++].place = place;
		else
			more = NULL;
		free(entry[i]);
	}
	free(entry);
	return more ? 0 : cee_no_memory(e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static int load_all(struct langs *ls, const struct places *p, const struct found *all, size_t n, struct cee_err *e)
{
	ls->l = calloc(n + 1, sizeof *ls->l);
	if (!ls->l)
		return cee_no_memory(e);
	for (size_t i = 0; i < n; i++) {
		struct lang *l = &ls->l[ls->n];
		int r = load_one(l, p, &all[i], e);

		if (r < 0)
			return -1;
		if (r > 0 && (distinct(ls, l, e) < 0 || one_source(ls, l, e) < 0)) {
			lang_release(l);
			return -1;
		}
		ls->n += (size_t)r;
	}
	return 0;
}

int langs_load(struct langs *ls, const char *dirs, struct cee_err *e)
{
	struct found *all = NULL;
	struct places p;
	size_t n = 0;
	int r, saved;

	*ls = (struct langs){ 0 };
	r = split(&p, dirs, e);
	for (size_t i = 0; r == 0 && i < p.n; i++)
		r = add_place(&all, &n, &p, i, e);
	if (r == 0 && n) {
		qsort(all, n, sizeof *all, by_name);
		r = load_all(ls, &p, all, n, e);
	}
	saved = errno;
	for (size_t i = 0; i < n; i++)
		free(all[i].name);
	free(all);
	free(p.text);
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
