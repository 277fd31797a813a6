/* as_come.h - cee-log --as-come: many jobs at once, line by line */
#ifndef CEE_CMD_AS_COME_H
#define CEE_CMD_AS_COME_H

#include "cmd/cee-log/log_prog.h"

/* 1: one of ids was not an id, or is unknown. */
int log_as_come(struct log *l, char *const *ids, int n);

#endif
