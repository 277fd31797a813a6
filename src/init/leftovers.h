/* leftovers.h - what the processes of a job leave behind them in a box */
#ifndef CEE_INIT_LEFTOVERS_H
#define CEE_INIT_LEFTOVERS_H

#include <stdbool.h>
#include <stdint.h>

/* For when every process of the job is dead. */

/* A file of /work, /tmp or /dev/shm has at least that size. The search is bounded. */
bool leftovers_full_file(uint64_t size);
void leftovers_remove_shared_memory(void);
/* In a box without cells: removes all files, queues, shared memory and semaphores of the
 * job, so that the next test finds the box as the first one did. -1 and text. */
int leftovers_clean_box(char *text);

#endif
