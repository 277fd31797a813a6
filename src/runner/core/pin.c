/* pin.c - a separate processor for each running job (pin = yes)
 *
 * The processors are those that the runner itself was started with (taskset, cpuset).
 * reload.c (runner_cannot_pin) refuses a configuration with more jobs than processors, so two jobs share one only while
 * a cancelled one ends.
 * The last is taken first, since interrupts mostly go to the first. The runner, the engine
 * and the box's init may use them too: they are busy for moments only.
 */
#include "runner/core/pin.h"

#include <sched.h>
#include <string.h>

void pin_init(struct pin *p)
{
	memset(p, 0, sizeof(*p));
	if (sched_getaffinity(0, sizeof(p->allowed), &p->allowed) < 0)
		CPU_ZERO(&p->allowed);
}

int pin_count(const struct pin *p)
{
	return CPU_COUNT(&p->allowed);
}

int pin_take(struct pin *p)
{
	int best = -1;

	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &p->allowed) && (best < 0 || p->users[i] < p->users[best]))
			best = i;
	if (best >= 0)
		p->users[best]++;
	return best;
}

void pin_give(struct pin *p, int cpu)
{
	if (cpu >= 0 && p->users[cpu] > 0)
		p->users[cpu]--;
}
