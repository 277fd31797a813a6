/* steps.h - does a file of tests take every step of a state machine's table?
 *
 * For a test that is linked with WRAPPED = state_step (Makefile):
 *
 *     int main(void) { RUN(…); …; return check_steps("box", 1u << BOX_GONE) || check_status(); }
 *
 * A table is known state by state, as states are left. So the first state must be left, each state that may follow
 * one that was left must be entered, and each that was entered must be left, but those of the set final: then the
 * whole of the table is known, and each of its steps was taken.
 */
#ifndef STEPS_H
#define STEPS_H

#include "base/state_step.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MACHINES = 8, STEPS_STATES = 32 };

static struct steps {
	const char *machine;
	unsigned next[STEPS_STATES], taken[STEPS_STATES]; /* sets, by the state that is left */
	unsigned entered;
} steps[STEPS_MACHINES];

bool __wrap_state_step(const char *machine, unsigned next, unsigned from, unsigned to);

static struct steps *steps_of(const char *machine)
{
	struct steps *s = steps;

	while (s->machine && strcmp(s->machine, machine) != 0)
		s++;
	s->machine = machine;
	return s;
}

bool __wrap_state_step(const char *machine, unsigned next, unsigned from, unsigned to)
{
	struct steps *s = steps_of(machine);

	s->next[from] = next;
	if (!(next >> to & 1))
		return false;
	s->taken[from] |= 1u << to;
	s->entered |= 1u << to;
	return true;
}

/* The number of steps that no test took; each is printed. */
static int check_steps(const char *machine, unsigned final)
{
	const struct steps *s = steps_of(machine);
	unsigned known = 0;
	int missing = 0;

	for (unsigned from = 0; from < STEPS_STATES; from++) {
		known += (unsigned)__builtin_popcount(s->next[from]);
		for (unsigned to = 0; to < STEPS_STATES; to++)
			if ((s->next[from] & ~s->taken[from]) >> to & 1) {
				printf("not ok steps of %s: none from state %u to %u, which the table has\n", machine,
				       from, to);
				missing++;
			}
		if ((s->entered & ~final) >> from & 1 && !s->next[from]) {
			printf("not ok steps of %s: state %u is never left\n", machine, from);
			missing++;
		}
	}
	if (!known) {
		printf("not ok steps of %s: none at all\n", machine);
		missing++;
	}
	if (!missing)
		printf("ok every step of %s (%u)\n", machine, known);
	return missing;
}

#endif
