/* check_attempt.h - an attempt's files (private to check.c) */
#ifndef CEE_SPOOL_CHECK_ATTEMPT_H
#define CEE_SPOOL_CHECK_ATTEMPT_H

#include "spool/check.h"

enum attempt_role {
	ATTEMPT_LATEST, /* it may be under way */
	ATTEMPT_FINAL,	/* it made the job's result, so nothing of it may be unfinished */
	ATTEMPT_OLD	/* another one made it: a power cut may have taken what was not synced of this one */
};
/* out/N, opened as out. */
void check_attempt(struct spool_check *ck, int out, const char *n, const char *path, enum attempt_role role);

#endif
