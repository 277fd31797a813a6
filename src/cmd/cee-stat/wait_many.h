/* wait_many.h - cee-stat --wait for many jobs */
#ifndef CEE_CMD_WAIT_MANY_H
#define CEE_CMD_WAIT_MANY_H

#include "cmd/cee-stat/stat_prog.h"

/* The exit status: 1 when one failed. */
int wait_many(struct stat_prog *p, char *const *ids, int n);

#endif
