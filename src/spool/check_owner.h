/* check_owner.h - an owner's directories (private to check.c) */
#ifndef CEE_SPOOL_CHECK_OWNER_H
#define CEE_SPOOL_CHECK_OWNER_H

#include "spool/check.h"

void check_owner(struct spool_check *ck, const char *owner);
/* Reports a mismatch found by multiuser_check; make: the arguments of cee-fsck --make that mend it. */
void check_mode(struct spool_check *ck, const char *path, const char *expected, const char *make);

#endif
