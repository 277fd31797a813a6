/* ids.h - a list of ids: in the order in which they were added, each once */
#ifndef CEE_SPOOL_IDS_H
#define CEE_SPOOL_IDS_H

#include "base/id.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ids {
	char (*v)[ID_LEN + 1];
	size_t n, cap;
	uint32_t *slot; /* a table of 1 + index, twice as large as v */
	size_t slots;
};
int ids_add(struct ids *s, const char *id);	       /* 1 added, 0 already in the list, -1 ENOMEM */
ssize_t ids_find(const struct ids *s, const char *id); /* its index, -1 none */
void ids_release(struct ids *s);

#endif
