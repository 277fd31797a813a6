/* source.h - the host's files, release and package sources, from which images are built */
#ifndef CEE_LANG_SOURCE_H
#define CEE_LANG_SOURCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hash that detects changes; not cryptographic. */
struct digest {
	uint64_t v;
};
void digest_init(struct digest *d);
void digest_add(struct digest *d, const char *text);
void digest_text(const struct digest *d, char out[17]);

/* Parses "FROM:TO" of a language file, both absolute. FROM may begin with /{PROGRAM}, which stands for the
 * real directory of that program in PATH. *from is malloc'ed, *to points into spec.
 * -1 and ENOENT: the host has no FROM; if FROM ends with '?' this is no error, and *from is NULL. */
int source_host(const char *spec, char **from, const char **to, struct cee_err *err);
/* Adds the content of a small file, but not its times; false: path is not a regular file, or is too large. */
bool source_content(struct digest *d, const char *path);
/* The same for path and all files beneath it. Always true. */
bool source_contents(struct digest *d, const char *path);
/* Adds names, sizes and times of the first levels beneath path. */
void source_fingerprint(struct digest *d, const char *path);

/* This host's apt configuration: its release and, as lines of sources.list(5)
 * and of apt.conf(5), the mirrors and the proxies of that release. */
struct source_apt {
	char suite[64];
	char **lines;
	size_t nlines; /* none: mmdebstrap's own default */
	char **options;
	size_t noptions;
	bool local_proxy; /* a proxy on this host's loopback */
};
int source_apt(struct source_apt *a, struct cee_err *err);
void source_apt_release(struct source_apt *a);

#endif
