/* cell.h - cells as seen by init: the executor that makes a new cell for each job and each test */
#ifndef CEE_INIT_CELL_H
#define CEE_INIT_CELL_H

#include "init/cell_maker.h"
#include "init/executor.h"

#include <sys/types.h>

struct cell {
	struct executor x;
	const struct cell_maker *maker; /* or NULL */
	pid_t pid;			/* the supervisor, process 1 of the cell; 0 none */
	int work;			/* O_PATH of its /work once built, for fstatfs, else -1 */
	pid_t dying;			/* the last cell's supervisor, until it has been reaped; 0 none */
	bool lost;			/* the supervisor has ended by itself: an event is due */
	struct ended end;		/* how the supervisor ended, when lost is set */
};

/* maker: it makes the cells; NULL: init itself. */
void cell_init(struct cell *c, const struct cell_maker *maker);
/* Builds a complete cell without starting a program in it. -1 and text when this box cannot make
 * cells. */
int cell_self_test(const struct cell_maker *maker, char *text);

#endif
