/* bare.h - the box itself as the executor, for boxes that cannot make cells; takes one job only
 *
 * init is the supervisor, and the programs run in the box's own /work and /tmp.
 */
#ifndef CEE_INIT_BARE_H
#define CEE_INIT_BARE_H

#include "init/executor.h"
#include "init/supervisor.h"

struct bare {
	struct executor x;
	struct supervisor s;
	struct executor_event due[2]; /* FILLED, or STARTED and ENDED: at most that many at once */
	unsigned ndue;
};

void bare_init(struct bare *b);

#endif
