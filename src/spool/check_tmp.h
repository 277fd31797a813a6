/* check_tmp.h - tmp/, of an owner or of the spool (private to check.c) */
#ifndef CEE_SPOOL_CHECK_TMP_H
#define CEE_SPOOL_CHECK_TMP_H

#include "spool/check.h"

/* at/tmp */
void check_tmp(struct spool_check *ck, int at, const char *path);

#endif
