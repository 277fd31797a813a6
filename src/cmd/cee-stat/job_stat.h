/* job_stat.h - what is known of one job */
#ifndef CEE_CMD_JOB_STAT_H
#define CEE_CMD_JOB_STAT_H

#include "cmd/cee-stat/stat_prog.h"
#include "job/labels.h"

#include <stdbool.h>
#include <stddef.h>

/* Prints it, a client_id_fn: 1 when it is not known, or with --wait did not end with exit status 0. */
int stat_one(void *arg, const char *id);
/* Has it all labels of --label? */
bool has_labels(const struct stat_prog *p, const struct job_label *l, size_t n);

#endif
