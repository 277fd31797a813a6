/* languages.c - the directory of language files: each name belongs to one language, each image has one source */
#include "job/languages.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "job/language.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LANG_MAX = 1 << 20 }; /* bytes of a file */

static int is_json(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".json") == 0;
}

/* Prefixes the names of files next to the language file with its directory. */
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
			return cee_no_memory(e);
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

static int load_entries(struct langs *ls, int dirfd, const char *dir, struct dirent **entry, int n, struct cee_err *e)
{
	ls->l = calloc((size_t)n + 1, sizeof *ls->l);
	if (!ls->l)
		return cee_no_memory(e);
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
