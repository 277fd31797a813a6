/* cell.h - a cell, from outside: the executor that gives each job, and each test, one of its own */
#ifndef CEE_INIT_CELL_H
#define CEE_INIT_CELL_H

#include "init/executor.h"

#include <sys/types.h>

struct cell {
	struct executor x;
	pid_t pid;	  /* the supervisor, process 1 of the cell; 0 none */
	int work;	  /* O_PATH of its /work once built, for fstatfs, else -1 */
	pid_t dying;	  /* the last cell's supervisor, until it has been reaped; 0 none */
	bool lost;	  /* the supervisor has ended by itself: an event is due */
	struct ended end; /* ... and this is it */
};

void cell_init(struct cell *c);
/* Builds a cell with everything in it but a program. -1 and text where this box cannot. */
int cell_self_test(char *text);

#endif
