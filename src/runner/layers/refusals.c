/* refusals.c - layers that cannot be built, remembered for a few minutes (refusals.h) */
#include "runner/layers/refusals.h"
#include "base/buf.h"
#include "layers/store.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_US = 180000000, REFUSALS_MAX = 256 };

const struct refusal *refusals_find(const struct refusals *rs, const char *name, int64_t now)
{
	for (size_t i = 0; i < rs->n; i++)
		if (rs->list[i].until > now && strcmp(rs->list[i].name, name) == 0)
			return &rs->list[i];
	return NULL;
}

/* The entry of that name, a new one, or the one that expires first. */
static struct refusal *entry_for(struct refusals *rs, const char *name)
{
	struct refusal *first = rs->list, *more;

	for (size_t i = 0; i < rs->n; i++) {
		if (strcmp(rs->list[i].name, name) == 0)
			return &rs->list[i];
		if (rs->list[i].until < first->until)
			first = &rs->list[i];
	}
	if (rs->n == REFUSALS_MAX)
		return first;
	more = reallocarray(rs->list, rs->n + 1, sizeof *more);
	if (!more)
		return first; /* NULL if there are no entries */
	rs->list = more;
	more[rs->n] = (struct refusal){ .until = 0 };
	return &more[rs->n++];
}

const struct refusal *refusals_add(struct refusals *rs, const char *name, const char *message, struct buf *output,
				   int64_t now)
{
	struct refusal *r = entry_for(rs, name);

	if (!r) {
		buf_release(output);
		return NULL;
	}
	buf_release(&r->output);
	snprintf(r->name, sizeof r->name, "%s", name);
	snprintf(r->message, sizeof r->message, "%s", message);
	r->output = *output;
	*output = (struct buf){ 0 };
	r->until = now + KEPT_US;
	return r;
}

void refusals_release(struct refusals *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		buf_release(&rs->list[i].output);
	free(rs->list);
	*rs = (struct refusals){ 0 };
}
