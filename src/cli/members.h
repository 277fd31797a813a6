/* members.h - the jobs of the group that -g names, as they come */
#ifndef CEE_CLI_MEMBERS_H
#define CEE_CLI_MEMBERS_H

#include "cli/client.h"
#include "spool/ids.h"

#include <stdbool.h>
#include <stddef.h>

struct members {
	struct ids ids;
	unsigned char *known; /* fn was called for it; or it was missing for so long that it will not come */
	size_t cap, found;
};
/* Calls fn for each member whose job is there and that it was not called for before. Returns how many those
 * were, or -1 (no such group, reported on stderr). *failed |= fn() != 0. last: nobody submits to the group any
 * more, so members that have long been missing are looked for once more. */
int members_look(struct members *m, struct client *c, bool last, client_id_fn fn, void *arg, int *failed);
void members_release(struct members *m);

#endif
