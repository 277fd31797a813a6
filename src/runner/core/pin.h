/* pin.h - a processor of its own for each running job (pin = yes) */
#ifndef RUNNER_PIN_H
#define RUNNER_PIN_H

#include <sched.h>

struct pin {
	cpu_set_t allowed;
	int users[CPU_SETSIZE];
};

/* Looks which processors this process may use. */
void pin_init(struct pin *p);
/* How many they are; 0 when that is not known. */
int pin_count(const struct pin *p);
/* The one with the fewest jobs, taken until it is given back. -1: there is none. */
int pin_take(struct pin *p);
void pin_give(struct pin *p, int cpu); /* nothing for -1 */
#endif
