/* job_check.h - a parsed job against this host */
#ifndef CEE_JOB_CHECK_H
#define CEE_JOB_CHECK_H

#include "base/error.h"
#include "conf/conf.h"
#include "job/job.h"

struct published;

/* Against the ceilings of the configuration and the published languages: language known, limits beneath the
 * ceilings and no less than the job's own files need, framework known, packages by the grammar of their registry; adds the packages that the job's files
 * declare (manifest.h), so call it once for a job. Without published languages only the ceilings are checked.
 * -1 EINVAL, and e names the field and what would be right. */
int job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e);

#endif
