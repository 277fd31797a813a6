/* pin.h - a processor of its own for each running job (pin = yes) */
#ifndef RUNNER_PIN_H
#define RUNNER_PIN_H

/* How many processors this process may use; 0 when that cannot be told. */
int pin_count(void);
/* The one that fewest jobs have, taken until it is given back. -1 none. */
int pin_take(void);
void pin_give(int cpu); /* -1 is nothing */
#endif
