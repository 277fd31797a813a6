/* language_publish.h - the properties of the languages for submitters */
#ifndef CEE_JOB_LANGUAGE_PUBLISH_H
#define CEE_JOB_LANGUAGE_PUBLISH_H

#include "job/languages.h"

/* The properties that submitters need, as JSON for SPOOL/languages.json:
 * {"languages":[{"name","title","aliases","extensions","versions","frameworks","check","hello","limits"}…]} */
char *lang_publish(const struct langs *ls);

#endif
