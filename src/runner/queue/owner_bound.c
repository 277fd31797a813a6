/* owner_bound.c - how many places one owner may hold */
#include "runner/queue/owner_bound.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void recent_owners_note(struct recent_owners *r, const char *owner, int64_t now)
{
	if (strcmp(r->last[0].name, owner) != 0) {
		r->last[1] = r->last[0];
		snprintf(r->last[0].name, sizeof(r->last[0].name), "%s", owner);
	}
	r->last[0].at = now;
}

bool recent_owners_others(const struct recent_owners *r, const char *owner, int64_t now)
{
	int other = strcmp(r->last[0].name, owner) == 0 ? 1 : 0;

	return r->last[other].at && now - r->last[other].at < OWNER_RECENT_US;
}

int owner_bound(int places, int owner_jobs, bool others)
{
	int bound = owner_jobs ? owner_jobs : others ? places - 1 : places;

	return bound < 1 ? 1 : bound > places ? places : bound;
}
