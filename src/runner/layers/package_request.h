/* package_request.h - the request to a language's package client */
#ifndef RUNNER_PACKAGE_REQUEST_H
#define RUNNER_PACKAGE_REQUEST_H

#include "conf/conf.h"
#include "job/job.h"
#include "job/language.h"

#include <stdbool.h>

/* The path in a package box of a registry that is a folder of the host (packages.index.GRAMMAR). */
#define PACKAGE_INDEX "/.cee/index"

/* The folder, or NULL: the registry is an address, or the client's default. */
const char *package_index_folder(const struct conf *c, const struct lang *l);
/* The JSON that the package client reads (cee-languages(5)), malloc'ed. NULL ENOMEM. */
char *package_request(const struct conf *c, const struct lang *l, const struct job *j);
/* "NAME@VERSION" of each package, each name as its registry spells it. NULL ENOMEM; else for strv_free. */
char **package_names(const struct lang *l, const struct job *j);
#endif
