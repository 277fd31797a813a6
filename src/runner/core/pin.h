/* pin.h - a separate processor for each running job (pin = yes) */
#ifndef RUNNER_PIN_H
#define RUNNER_PIN_H

#include <sched.h>

struct pin {
	cpu_set_t allowed;
	int users[CPU_SETSIZE];
};

/* Finds the processors that this process may use. */
void pin_init(struct pin *p);
/* Their number; 0: unknown. */
int pin_count(const struct pin *p);
/* Reserves the processor with the fewest jobs until pin_give. -1: none is known. */
int pin_take(struct pin *p);
void pin_give(struct pin *p, int cpu); /* nothing for -1 */
#endif
