/* job_check.h - checks a parsed job against this host */
#ifndef CEE_JOB_CHECK_H
#define CEE_JOB_CHECK_H

#include "base/error.h"
#include "conf/conf.h"
#include "job/job.h"

struct published;

/* Checks the job against the configured ceilings and the published languages: the language is known, limits are
 * at most the ceilings and large enough for the job's own files, the framework is known, and package names are valid
 * for their registry. Adds the packages that the job's files declare (manifest.h), so call it only once for a job.
 * Without published languages only the ceilings are checked.
 * -1 EINVAL, and e names the field and what would be right. */
int job_check(struct job *j, const struct conf *c, struct published *languages, struct cee_err *e);
/* Whether jobs of the owner may use the job's network, if it names one. -1 as above. */
int job_check_network(const struct job *j, const struct conf *c, const char *owner, struct cee_err *e);

#endif
