/* language_image.h - what the image of a language reports: frameworks, versions, runtimes */
#ifndef CEE_JOB_LANGUAGE_IMAGE_H
#define CEE_JOB_LANGUAGE_IMAGE_H

#include "job/language.h"
#include "job/languages.h"

#include <stdbool.h>

bool lang_has_framework(const struct lang *l, const char *framework);
/* Sets the frameworks from an image's label cee.frameworks; NULL: it has no such label. -1 ENOMEM. */
int lang_set_available(struct lang *l, const char *list);
/* Sets the runtimes from its label cee.runtimes in the same way. */
int lang_set_runtimes(struct lang *l, const char *text);
/* Sets the registry from its label cee.registry; NULL: none. */
int lang_set_registry(struct lang *l, const char *text);
/* The versions in text, which are separated by newlines or spaces: the valid ones without duplicates, separated by
 * spaces, at most LANG_VERSIONS. malloc'ed; NULL ENOMEM. */
enum { LANG_VERSIONS = 16, LANG_VERSION_LEN = 64 };
char *lang_versions_read(const char *text);
/* Sets the versions from an image's label cee.versions, "" if it has none; NULL: not known. -1 ENOMEM. */
int lang_set_versions(struct lang *l, const char *text);
/* The versions that a job may name, separated by spaces: those of the language file, else of the image, else the
 * available frameworks. malloc'ed; NULL with errno 0 if they are not known yet, else ENOMEM. */
char *lang_versions(const struct lang *l);
/* The runtime for programs of this framework, as text for people: malloc'ed, NULL if the image does not report it. */
char *lang_runtime(const struct lang *l, const char *framework);

/* Copies what images reported from the languages in from to those in ls with the same image. -1 ENOMEM */
int langs_keep_told(struct langs *ls, const struct langs *from);

#endif
