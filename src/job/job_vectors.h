/* job_vectors.h - whether the arguments, environment and file names of a job fit one execve */
#ifndef CEE_JOB_VECTORS_H
#define CEE_JOB_VECTORS_H

#include "base/error.h"
#include "job/job.h"
#include "job/job_tests.h"

/* Checks those of the job itself (t NULL) or of one of its tests. -1 EINVAL; path is for the message. */
int job_vectors_fit(const struct job *j, const struct job_test *t, const char *path, struct cee_err *e);

#endif
