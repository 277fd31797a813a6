/* pruner.h - a thread that removes layers when there are too many
 *
 * Call pruner_run from the loop's thread, and pruner_end before the struct is freed.
 */
#ifndef RUNNER_PRUNER_H
#define RUNNER_PRUNER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pruner {
	pthread_t thread;
	bool started;	  /* thread is to be joined */
	atomic_bool busy; /* the only thing that the thread shares with the loop */
};

/* Starts to remove the least recently used layers in path until at most max bytes are left, and the remains of dead
 * runners. Does nothing while a prune is running. */
void pruner_run(struct pruner *p, const char *path, int64_t max);
void pruner_end(struct pruner *p); /* waits for it */
#endif
