/* config.c - reads the configuration, as a whole or not at all */
#include "runner/core/config.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "conf/conf.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/published.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECCOMP_MAX = 1 << 20 };

static int read_seccomp(struct config *c, struct cee_err *e)
{
	struct buf b = { 0 };

	if (read_file_at(AT_FDCWD, c->conf.seccomp, SECCOMP_MAX, &b) < 0)
		return cee_fail(e, errno, "seccomp = %s: %s", c->conf.seccomp, strerror(errno));
	c->seccomp = b.data;
	return 0;
}

void config_release(struct config *c)
{
	conf_release(&c->conf);
	langs_release(&c->langs);
	free(c->seccomp);
	free(c->published);
	published_free(c->known);
	memset(c, 0, sizeof(*c));
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	for (const unsigned char *p = data; len; p++, len--)
		h = (h ^ *p) * 1099511628211u; /* FNV-1a; hashes are added, so the order of entries does not matter */
	return h;
}

/* A checksum of the entries' names, sizes, times and inodes; 0 when the directory cannot be read. */
static uint64_t look_at(const char *dir)
{
	DIR *d = opendir(dir);
	uint64_t sum = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0) < 0)
			continue;
		uint64_t h = mix(14695981039346656037u, e->d_name, strlen(e->d_name));
		h = mix(h, &st.st_size, sizeof(st.st_size));
		h = mix(h, &st.st_mtim, sizeof(st.st_mtim));
		sum += mix(h, &st.st_ino, sizeof(st.st_ino));
	}
	if (d)
		closedir(d);
	return sum;
}

/* Of all directories of languages, which are separated by colons. */
static uint64_t look_of(const char *dirs)
{
	AUTO_FREE char *copy = strdup(dirs);
	uint64_t sum = 0, n = 1;

	for (char *rest = copy, *one; copy && (one = strsep(&rest, ":"));)
		sum += look_at(one) * n++;
	return sum;
}

bool config_languages_changed(struct config *c)
{
	uint64_t look = look_of(c->conf.languages);
	bool changed = look != c->languages_seen;

	c->languages_seen = look;
	return changed;
}

/* Keeps the data that images reported until they are inspected again. */
int config_languages(struct config *c, struct cee_err *e)
{
	struct langs langs;
	char *published;

	if (langs_load(&langs, c->conf.languages, e) < 0)
		return -1;
	published = langs_keep_told(&langs, &c->langs) == 0 ? lang_publish(&langs) : NULL;
	if (!published) {
		langs_release(&langs);
		return cee_fail(e, ENOMEM, "out of memory");
	}
	c->langs = langs;
	c->published = published;
	return 0;
}

void config_keep_image_data(struct config *c, const struct config *before)
{
	char *published = langs_keep_told(&c->langs, &before->langs) == 0 ? lang_publish(&c->langs) : NULL;

	if (!published)
		return; /* the images are inspected again in a moment */
	free(c->published);
	c->published = published;
}

int config_load(struct config *c, const char *path, const char *spool, struct cee_err *e)
{
	struct config n = { 0 };

	if (conf_load(&n.conf, path, spool, e) == 0) {
		n.languages_seen =
			look_of(n.conf.languages); /* taken before reading: a change meanwhile is noticed later */
		if (read_seccomp(&n, e) == 0 && config_languages(&n, e) == 0) {
			config_release(c);
			*c = n;
			return 0;
		}
	}
	config_release(&n);
	return -1;
}

struct published *config_published(const struct config *c)
{
	struct config *cache = (struct config *)c; /* known is derived from published, so c stays logically const */

	if (c->published && published_is(c->known, c->published))
		return c->known;
	published_free(c->known);
	cache->known = published_new(c->published, c->published ? strlen(c->published) : 0);
	return c->known;
}
