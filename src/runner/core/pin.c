/* pin.c - a processor of its own for each running job (pin = yes)
 *
 * Among those that the runner itself may use, as it was started (taskset, cpuset).
 * main.c lets no more jobs run at once than there are, so each has one alone; the
 * last is taken first, since interrupts like the first. The runner, the engine and
 * the box's init are not kept off it: they are short, and the machine has no others.
 */
#include "runner/core/pin.h"

#include <sched.h>
#include <stdbool.h>

static cpu_set_t allowed;
static bool known;
static int users[CPU_SETSIZE];

static void learn(void)
{
	if (!known && sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	known = true;
}

int pin_count(void)
{
	learn();
	return CPU_COUNT(&allowed);
}

int pin_take(void)
{
	int best = -1;

	learn();
	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &allowed) && (best < 0 || users[i] < users[best]))
			best = i;
	if (best >= 0)
		users[best]++;
	return best;
}

void pin_give(int cpu)
{
	if (cpu >= 0 && users[cpu] > 0)
		users[cpu]--;
}
