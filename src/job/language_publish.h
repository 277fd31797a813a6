/* language_publish.h - what submitters need to know of the languages */
#ifndef CEE_JOB_LANGUAGE_PUBLISH_H
#define CEE_JOB_LANGUAGE_PUBLISH_H

#include "job/languages.h"

/* What submitters need to know, as JSON for SPOOL/languages.json:
 * {"languages":[{"name","title","aliases","extensions","versions","frameworks","check","hello","limits"}…]} */
char *lang_publish(const struct langs *ls);

#endif
