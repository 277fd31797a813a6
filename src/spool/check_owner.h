/* check_owner.h - an owner's directories (private to check.c) */
#ifndef CEE_SPOOL_CHECK_OWNER_H
#define CEE_SPOOL_CHECK_OWNER_H

#include "spool/check.h"

void check_owner(struct spool_check *ck, const char *owner);
/* A multiuser_fn's report about OWNER, or what cee-fsck --make is to be called with. */
void check_mode(struct spool_check *ck, const char *path, const char *expected, const char *make);

#endif
