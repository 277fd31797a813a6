/* kept.h - how much an owner keeps: finished jobs, and all else in their out/
 *
 * The runner writes OWNER/kept (retention.h); submitters and cee-stat read it. It has a fixed size and is overwritten
 * in place, so that it can be written on a full disk.
 */
#ifndef CEE_SPOOL_KEPT_H
#define CEE_SPOOL_KEPT_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

struct kept {
	int64_t bytes, jobs;
};
enum { KEPT_FRESH_US = 600000000 }; /* what is older says nothing: no runner keeps it up to date */

/* Bytes on the disk of at/name and of all beneath it, as du(1) counts them; 0: it is not there. */
int64_t kept_size(int at, const char *name);
/* -1 and errno */
int kept_write(struct spool *s, const char *owner, const struct kept *k);
/* False: not known. */
bool kept_read(struct spool *s, const char *owner, struct kept *k);

#endif
