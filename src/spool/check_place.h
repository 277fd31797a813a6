/* check_place.h - that each job is in exactly one place (private to check.c) */
#ifndef CEE_SPOOL_CHECK_PLACE_H
#define CEE_SPOOL_CHECK_PLACE_H

#include "spool/check.h"

/* In a live spool jobs move while it looks: what looks wrong is looked at again, until it is right or stays wrong. */
void check_places(struct spool_check *ck, const char *owner, const char *id);

#endif
