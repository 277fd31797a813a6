/* manifest.h - packages that a job's own files declare: cee-job(5)
 *
 *     C#            #:package NAME@VERSION before the first statement of the entry point
 *     Python        PEP 723, "# /// script" in the entry point; requirements.txt
 *     JavaScript    dependencies of package.json
 *
 * They are added to the job's `packages`, but may also name a range of versions. If the job's own
 * field names a package too, the field is used. No I/O: all files are in the job.
 */
#ifndef CEE_JOB_MANIFEST_H
#define CEE_JOB_MANIFEST_H

#include "base/error.h"
#include "job/job.h"
#include "layers/grammar.h"

/* Adds to j->packages. -1 EINVAL: e names the file, its line and what would be right. */
int job_declare(struct job *j, enum grammar g, struct cee_err *e);

#endif
