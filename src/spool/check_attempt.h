/* check_attempt.h - an attempt's files (private to check.c) */
#ifndef CEE_SPOOL_CHECK_ATTEMPT_H
#define CEE_SPOOL_CHECK_ATTEMPT_H

#include "spool/check.h"

enum attempt_role {
	ATTEMPT_LATEST, /* may be running */
	ATTEMPT_FINAL,	/* has the job's result, so it must be complete */
	ATTEMPT_OLD	/* another attempt has the result: a power cut may have lost unsynced data of this one */
};
/* Checks the attempt with the name n in out, which is out/BUCKET/ID; path is the attempt's, for reports. */
void check_attempt(struct spool_check *ck, int out, const char *n, const char *path, enum attempt_role role);

#endif
