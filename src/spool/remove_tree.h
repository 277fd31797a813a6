/* remove_tree.h - removing a directory with its contents (private to src/spool) */
#ifndef CEE_SPOOL_REMOVE_TREE_H
#define CEE_SPOOL_REMOVE_TREE_H

#include <stdint.h>

/* Removes at/name of any type, however deep it is; 0 also if it does not exist. */
int spool_remove_tree(int at, const char *name);
/* Removes tmp/NAME, the remains of a removed job (layout_is_gone), if it is at least older_us old. */
int spool_sweep_gone(int tmp, const char *name, int64_t older_us);

#endif
