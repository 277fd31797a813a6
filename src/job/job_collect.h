/* job_collect.h - the field `collect` of a job */
#ifndef CEE_JOB_COLLECT_H
#define CEE_JOB_COLLECT_H

#include "base/error.h"
#include "job/job.h"

#include <cjson/cJSON.h>

/* Reads patterns, or an object with patterns and bounds, into j->collect… -1 EINVAL */
int job_collect_read(struct job *j, const cJSON *v, const char *path, struct cee_err *e);

#endif
