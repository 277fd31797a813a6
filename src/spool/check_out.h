/* check_out.h - an owner's out/ (private to check.c) */
#ifndef CEE_SPOOL_CHECK_OUT_H
#define CEE_SPOOL_CHECK_OUT_H

#include "spool/check.h"

void check_history(struct spool_check *ck, int owner_dir, const char *owner, const char *path);

#endif
