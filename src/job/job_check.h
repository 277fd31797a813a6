/* job_check.h - a parsed job against this host */
#ifndef CEE_JOB_CHECK_H
#define CEE_JOB_CHECK_H

#include "base/error.h"
#include "conf/conf.h"
#include "job/job.h"

#include <stddef.h>

/* Against the ceilings of the configuration and the published languages: language known, limits beneath the
 * ceilings, framework known, packages by the grammar of their registry; adds the packages that the job's files
 * declare (manifest.h), so call it once for a job. languages is a JSON text as lang_publish writes it, or NULL when
 * none is published. -1 EINVAL, and e names the field and what would be right. */
int job_check(struct job *j, const struct conf *c, const char *languages, size_t len, struct cee_err *e);

#endif
