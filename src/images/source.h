/* source.h - what the host has that images are made of */
#ifndef CEE_LANG_SOURCE_H
#define CEE_LANG_SOURCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hash to see that something changed; nobody attacks it. */
struct digest {
	uint64_t v;
};
void digest_init(struct digest *d);
void digest_add(struct digest *d, const char *text);
void digest_text(const struct digest *d, char out[17]);

/* "FROM:TO" of a language file, both absolute. FROM may begin with /{PROGRAM}: the
 * real directory that this program of PATH lies in, wherever that is. from is malloc'ed, to points into spec.
 * -1 and ENOENT where the host does not have it; a FROM that ends with ? may be missing, then
 * from is NULL. */
int source_host(const char *spec, char **from, const char **to, struct cee_err *err);
/* What a small file holds, whenever it was written; false when path is none. */
bool source_content(struct digest *d, const char *path);
/* The same of all files beneath path, which may be a folder. Always true. */
bool source_contents(struct digest *d, const char *path);
/* Names, sizes and times of the first few levels beneath path. */
void source_fingerprint(struct digest *d, const char *path);

/* What apt of this host is told: its release and, as lines of sources.list(5)
 * and of apt.conf(5), where that release comes from and through which proxy. */
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
