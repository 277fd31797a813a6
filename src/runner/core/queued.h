/* queued.h - a waiting job, as its name in new/ says it */
#ifndef RUNNER_QUEUED_H
#define RUNNER_QUEUED_H

#include "base/id.h"
#include "spool/owner_name.h"

struct queued {
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int priority, attempts; /* attempts that were begun before */
};
#endif
