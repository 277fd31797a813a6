/* packages.h - the packages that a job names: their grammars (packages.c)
 *
 * A registry's own grammar of names and versions, so that nothing but a package can be
 * named: no address, path, option or space. An exact version is that one and no other. A
 * range is what a file that declares packages may say beside (declare.h); the registry's
 * client resolves it once, when the layer is made, and the layer's lock says what it took.
 * No text is both an exact version and a range. Nothing here does I/O.
 */
#ifndef CEE_PACKAGES_H
#define CEE_PACKAGES_H

#include "base/error.h"
#include "job/job.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum grammar {
	GRAMMAR_ANY, /* one of the others: the language is not known yet */
	GRAMMAR_NUGET,
	GRAMMAR_PIP,
	GRAMMAR_NPM,
	GRAMMAR_COUNT
};
extern const char *const grammar_name[GRAMMAR_COUNT]; /* as `layer.grammar` of a language says; ANY: NULL */
int grammar_find(const char *name);		      /* -1 there is none of that name */

enum { PACKAGES_MAX = 200, PACKAGE_NAME_LEN = 214, PACKAGE_VERSION_LEN = 64, PACKAGE_RANGE_LEN = 256 };

bool package_name_valid(enum grammar g, const char *s);
bool package_version_valid(enum grammar g, const char *s); /* exact */
bool package_range_valid(enum grammar g, const char *s);   /* and not exact; NuGet has none here */
/* Two spellings of one name have one key; of pip what stands in [] belongs to the name. malloc'ed. */
char *package_key(enum grammar g, const char *name);
bool package_same(enum grammar g, const char *a, const char *b); /* one package, whatever is in [] */

/* Appends to *v; both strings are copied. */
int package_add(struct job_package **v, size_t *n, const char *name, const char *version);
void packages_release(struct job_package *v, size_t n);
/* [{"name", "version"}] of a job; empty when it returns 0 without any. */
int json_packages(const cJSON *v, const char *path, struct job_package **out, size_t *n, struct cee_err *e);
/* Names and exact versions by that grammar, and no package twice. */
int packages_valid(const struct job_package *v, size_t n, enum grammar g, const char *path, struct cee_err *e);

#endif
