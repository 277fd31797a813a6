/* check_runner.h - runners' directories in cur/, and their files in metrics/ (private to check.c) */
#ifndef CEE_SPOOL_CHECK_RUNNER_H
#define CEE_SPOOL_CHECK_RUNNER_H

#include "spool/check.h"

void check_cur(struct spool_check *ck);
void check_metrics(struct spool_check *ck, int root);

#endif
