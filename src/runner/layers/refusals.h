/* refusals.h - layers that cannot be built, remembered for a few minutes
 *
 * Only the jobs' own faults are kept (a package that does not exist, one that is too large); failures of a network or
 * of cee are not remembered.
 */
#ifndef RUNNER_REFUSALS_H
#define RUNNER_REFUSALS_H

#include "base/buf.h"
#include "layers/store.h"

#include <stddef.h>
#include <stdint.h>

struct refusal {
	char name[LAYER_NAME + 1]; /* the layer's */
	char message[512];
	struct buf output; /* of the package client */
	int64_t until;
};
struct refusals {
	struct refusal *list;
	size_t n;
};

/* now: microseconds of any clock, always the same one. NULL: not known. Valid until the next refusals_add. */
const struct refusal *refusals_find(const struct refusals *rs, const char *name, int64_t now);
/* Takes ownership of output's bytes, also on error. If there are too many entries, the one that expires first is
 * dropped. NULL ENOMEM. */
const struct refusal *refusals_add(struct refusals *rs, const char *name, const char *message, struct buf *output,
				   int64_t now);
void refusals_release(struct refusals *rs);
#endif
