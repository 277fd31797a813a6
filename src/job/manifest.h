/* declare.h - packages that a job's own files declare (declare.c): cee-job(5)
 *
 *     C#            #:package NAME@VERSION before the first statement of the entry point
 *     Python        PEP 723, "# /// script" in the entry point; requirements.txt
 *     JavaScript    dependencies of package.json
 *
 * What stands there counts as if the job's `packages` had it, but that a range may be asked
 * for too. A job's own field goes before. No I/O: everything is in the job.
 */
#ifndef CEE_DECLARE_H
#define CEE_DECLARE_H

#include "base/error.h"
#include "job/job.h"
#include "job/packages.h"

/* Adds to j->packages. -1 EINVAL: e names the file, its line and what would be right. */
int job_declare(struct job *j, enum grammar g, struct cee_err *e);

#endif
