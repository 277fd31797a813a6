/* check_attempt.h - an attempt's files (private to check.c) */
#ifndef CEE_SPOOL_CHECK_ATTEMPT_H
#define CEE_SPOOL_CHECK_ATTEMPT_H

#include "spool/check.h"

#include <stdbool.h>

/* out/N, opened as out. final: this attempt made the job's result, so nothing of it may be unfinished. */
void check_attempt(struct spool_check *ck, int out, const char *n, const char *path, bool final);

#endif
