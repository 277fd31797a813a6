/* owner_bound.h - how many places one owner may hold
 *
 * With owner_jobs of cee.conf: that many. Else all places, but all except one while another owner's job waits.
 */
#ifndef RUNNER_OWNER_BOUND_H
#define RUNNER_OWNER_BOUND_H

#include <stdbool.h>

/* owner_jobs 0: the default. others: another owner has a job that waits. At least 1. */
int owner_bound(int places, int owner_jobs, bool others);
#endif
