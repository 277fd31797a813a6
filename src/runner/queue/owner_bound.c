/* owner_bound.c - how many places one owner may hold */
#include "runner/queue/owner_bound.h"

#include <stdbool.h>

int owner_bound(int places, int owner_jobs, bool others)
{
	int bound = owner_jobs ? owner_jobs : others ? places - 1 : places;

	return bound < 1 ? 1 : bound > places ? places : bound;
}
