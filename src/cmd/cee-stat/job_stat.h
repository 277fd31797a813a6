/* job_stat.h - printing the state of one job */
#ifndef CEE_CMD_JOB_STAT_H
#define CEE_CMD_JOB_STAT_H

#include "cmd/cee-stat/stat_prog.h"
#include "job/labels.h"

#include <stdbool.h>
#include <stddef.h>

/* Prints a job; a client_id_fn: 1 if the job is unknown, or with --wait did not end with exit status 0. */
int stat_one(void *arg, const char *id);
/* Does the job have all labels of --label? */
bool has_labels(const struct stat_prog *p, const struct job_label *l, size_t n);

#endif
