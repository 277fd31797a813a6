/* build_turns.c - which owner's layer is built next
 *
 * Owners take turns in the order of their first waiting build: a build gets a rising number when it is asked for, and
 * the lowest is next. When one begins, the builds of its owner that still wait get a new, highest number. So the
 * first build of each other owner passes an owner with many builds, but a newcomer does not pass owners that already
 * wait.
 *
 * While other owners have builds too, one owner may use all places but one, so that the next owner does not wait for
 * a slow registry.
 */
#include "runner/layers/build_turns.h"
#include "runner/layers/layer_build.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool at_work(const struct layer_build *b)
{
	return b->state == LAYER_BUILD_FETCHING || b->state == LAYER_BUILD_UNPACKING;
}

static bool same_owner(const struct layer_build *a, const struct layer_build *b)
{
	return strcmp(a->owner, b->owner) == 0;
}

static bool within_bound(const struct layer_build *list, const struct layer_build *b, int places)
{
	bool others = false;
	int own = 0;

	for (const struct layer_build *i = list; i; i = i->next) {
		own += at_work(i) && same_owner(i, b);
		others |= !same_owner(i, b);
	}
	return own < (others && places > 1 ? places - 1 : places);
}

struct layer_build *build_turns_next(struct layer_build *list, int places)
{
	struct layer_build *next = NULL;
	int working = 0;

	for (const struct layer_build *b = list; b; b = b->next)
		working += at_work(b);
	for (struct layer_build *b = list; b && working < places; b = b->next)
		if (b->state == LAYER_BUILD_WAITING && (!next || b->turn < next->turn) && within_bound(list, b, places))
			next = b;
	return next;
}

void build_turns_begun(struct layer_build *list, const struct layer_build *begun, uint64_t turn)
{
	for (struct layer_build *b = list; b; b = b->next)
		if (b->state == LAYER_BUILD_WAITING && same_owner(b, begun))
			b->turn = turn;
}
