/* languages.h - all languages of one or several directories: cee-languages(5) */
#ifndef CEE_JOB_LANGUAGES_H
#define CEE_JOB_LANGUAGES_H

#include "base/error.h"
#include "job/language.h"

#include <stddef.h>

struct langs {
	struct lang *l;
	size_t n;
};
/* Reads every *.json of dirs, which are separated by colons, by name. A file overrides one of that name in a directory
 * before; an empty one, or a link to /dev/null, switches the language off. Of several directories some may be missing.
 * -1 and e, without a release: one is invalid, or two do not go together. */
int langs_load(struct langs *ls, const char *dirs, struct cee_err *e);
void langs_release(struct langs *ls);
const struct lang *langs_find(const struct langs *ls, const char *name); /* name or alias, or NULL */

#endif
