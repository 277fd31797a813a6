/* state_step.c - the check that every state machine makes before it changes its state (state_step.h) */
#include "base/state_step.h"

#include <stdbool.h>

bool state_step(const char *machine, unsigned next, unsigned from, unsigned to)
{
	(void)machine, (void)from;
	return next >> to & 1;
}
