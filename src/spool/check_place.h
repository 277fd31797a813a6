/* check_place.h - checks that each job is in exactly one place (private to check.c) */
#ifndef CEE_SPOOL_CHECK_PLACE_H
#define CEE_SPOOL_CHECK_PLACE_H

#include "spool/check.h"

/* In a live spool jobs move during the check: an apparent problem is checked again before it is reported. */
void check_places(struct spool_check *ck, const char *owner, const char *id);

#endif
