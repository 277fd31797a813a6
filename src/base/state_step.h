/* state_step.h - the check that every state machine makes before it changes its state
 *
 * A table has for each state the set of those that may follow, a bit for each. Unit tests put their own function in
 * the place of this one, which sees each step that is taken, and so know the steps of a table that no test takes
 * (tests/unit/steps.h).
 */
#ifndef CEE_BASE_STATE_STEP_H
#define CEE_BASE_STATE_STEP_H

#include <stdbool.h>

/* Does the table allow the step? machine is its name, next the set of the state from. */
bool state_step(const char *machine, unsigned next, unsigned from, unsigned to);

#endif
