/* queued.h - a queued job, with the fields of its name in new/ */
#ifndef RUNNER_QUEUED_H
#define RUNNER_QUEUED_H

#include "base/id.h"
#include "spool/owner_name.h"

struct queued {
	char owner[OWNER_MAX], id[ID_LEN + 1];
	int priority, attempts; /* earlier attempts */
};
#endif
