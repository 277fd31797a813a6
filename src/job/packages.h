/* packages.h - the packages that a job names: lists of names and versions */
#ifndef CEE_PACKAGES_H
#define CEE_PACKAGES_H

#include "base/error.h"
#include "layers/grammar.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum { PACKAGES_MAX = 200 }; /* of one job */

struct job_package {
	char *name, *version;
};

/* Appends to *v; both strings are copied. -1 ENOMEM */
int package_add(struct job_package **v, size_t *n, const char *name, const char *version);
void packages_release(struct job_package *v, size_t n);
/* [{"name", "version"}] of a job; may be empty. */
int json_packages(const cJSON *v, const char *path, struct job_package **out, size_t *n, struct cee_err *e);
/* Checks names and exact versions by that grammar, and that no package occurs twice. */
int packages_valid(const struct job_package *v, size_t n, enum grammar g, const char *path, struct cee_err *e);

#endif
