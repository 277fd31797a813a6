/* language_publish.h - the properties of the languages for submitters */
#ifndef CEE_JOB_LANGUAGE_PUBLISH_H
#define CEE_JOB_LANGUAGE_PUBLISH_H

#include "job/languages.h"

/* The properties that submitters need, as JSON for SPOOL/languages.json: {"languages":[…]}, an object with its name
 * first for each language, one a line (published.h relies on that). malloc'ed; NULL ENOMEM. */
char *lang_publish(const struct langs *ls);

#endif
