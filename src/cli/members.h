/* members.h - the jobs of the group that -g names, as they are added */
#ifndef CEE_CLI_MEMBERS_H
#define CEE_CLI_MEMBERS_H

#include "cli/client.h"
#include "spool/ids.h"

#include <stdbool.h>
#include <stddef.h>

struct members {
	struct ids ids;
	unsigned char *known; /* fn was called for it, or its job was missing for so long that it is given up */
	size_t cap, found;
};
/* Calls fn for each new member whose job exists. Returns their number, or -1 (no such group, reported on
 * stderr). *failed |= fn() != 0. last: no process submits to the group any more, so members whose jobs were long
 * missing are looked for once more. */
int members_look(struct members *m, struct client *c, bool last, client_id_fn fn, void *arg, int *failed);
void members_release(struct members *m);

#endif
