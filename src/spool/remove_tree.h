/* remove_tree.h - removing a directory with all that is in it (private to src/spool) */
#ifndef CEE_SPOOL_REMOVE_TREE_H
#define CEE_SPOOL_REMOVE_TREE_H

#include <stdint.h>

enum { REMOVE_TREE_DEPTH = 8 }; /* deeper than a job's directory ever is */

/* Removes whatever at/name is, at most depth directories deep (ELOOP); 0 also when it is not there. */
int spool_remove_tree(int at, const char *name, int depth);
/* Removes tmp/NAME, what is left of a removed job (layout_is_gone), when it is at least older_us old. */
int spool_sweep_gone(int tmp, const char *name, int64_t older_us);

#endif
