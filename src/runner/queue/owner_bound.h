/* owner_bound.h - how many places one owner may hold
 *
 * With owner_jobs of cee.conf: that many. Else all places while no other owner needs one, and all but one
 * when others do: when they wait, or had a job a moment ago.
 */
#ifndef RUNNER_OWNER_BOUND_H
#define RUNNER_OWNER_BOUND_H

#include "spool/owner_name.h"

#include <stdbool.h>
#include <stdint.h>

enum { OWNER_RECENT_US = 60 * 1000 * 1000 };

/* The two owners whose jobs began last, and when. */
struct recent_owners {
	struct {
		char name[OWNER_MAX];
		int64_t at; /* microseconds of the loop; 0: nobody */
	} last[2];
};
void recent_owners_note(struct recent_owners *r, const char *owner, int64_t now);
/* Did a job of another owner begin within OWNER_RECENT_US? */
bool recent_owners_others(const struct recent_owners *r, const char *owner, int64_t now);
/* owner_jobs 0: by default. others: see above. At least 1. */
int owner_bound(int places, int owner_jobs, bool others);
#endif
