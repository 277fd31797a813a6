/* cell_maker.h - the process of a box that clones the supervisors of cells
 *
 * A process is born in the cgroup of the one that clones it. So the runner moves this process, once, into the cgroup
 * of the box's jobs, and every cell is in it from its first instruction on; nothing in the box can write to a cgroup.
 * The supervisors are init's children all the same (CLONE_PARENT).
 */
#ifndef CEE_INIT_CELL_MAKER_H
#define CEE_INIT_CELL_MAKER_H

#include <stdbool.h>
#include <sys/types.h>

struct cell_maker {
	int sock;
	pid_t pid; /* its number in the box */
};

/* -1 and errno. */
int cell_maker_start(struct cell_maker *m);
/* A new supervisor at the other end of theirs, which stays the caller's. -1 and errno. */
pid_t cell_maker_clone(const struct cell_maker *m, int theirs);
/* The clone itself; does not return in the supervisor. -1 and errno. */
pid_t cell_clone(int theirs, unsigned long flags);

#endif
