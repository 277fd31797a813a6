/* lookup.h - finding the file of a waiting or claimed job (private to src/spool) */
#ifndef CEE_SPOOL_LOOKUP_H
#define CEE_SPOOL_LOOKUP_H

#include "spool/find.h"
#include "spool/layout.h"
#include "spool/spool.h"

#include <stdbool.h>

/* Finds the job's name in OWNER/new, opened as newdir. */
bool lookup_new(int newdir, const char *id, char name[LAYOUT_NAME_MAX]);
/* Finds the runner that has claimed the job: sets w's runner and attempt, and returns a descriptor of
 * cur/RUNNER/OWNER, which the caller closes; -1: not claimed. */
int lookup_claim(struct spool *s, const char *owner, const char *id, struct spool_where *w);

#endif
