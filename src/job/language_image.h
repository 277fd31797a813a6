/* language_image.h - what the image of a language reports: frameworks, versions, runtimes */
#ifndef CEE_JOB_LANGUAGE_IMAGE_H
#define CEE_JOB_LANGUAGE_IMAGE_H

#include "job/language.h"
#include "job/languages.h"

#include <stdbool.h>

bool lang_has_framework(const struct lang *l, const char *framework);
/* What an image's label cee.frameworks says; NULL: nothing. -1 ENOMEM. */
int lang_set_available(struct lang *l, const char *words);
/* The same of its label cee.runtimes. */
int lang_set_runtimes(struct lang *l, const char *text);
/* The versions that an image names, one a line or a space between: each once, those that a job may name, one
 * space between, at most LANG_VERSIONS. malloc'ed; NULL ENOMEM. */
enum { LANG_VERSIONS = 16, LANG_VERSION_LEN = 64 };
char *lang_versions_read(const char *text);
/* What an image's label cee.versions says, "" for one without; NULL: not known. -1 ENOMEM. */
int lang_set_versions(struct lang *l, const char *text);
/* What a job may name as version, a space between: those of its file, else of its image, else its frameworks that
 * are there. malloc'ed; NULL with errno 0 where that is not known yet, else ENOMEM. */
char *lang_versions(const struct lang *l);
/* What runs programs of this framework, for people: malloc'ed, NULL where the image does not say. */
char *lang_runtime(const struct lang *l, const char *framework);

/* Copies what images reported from the languages in from to those in ls with the same image. -1 ENOMEM */
int langs_keep_told(struct langs *ls, const struct langs *from);

#endif
