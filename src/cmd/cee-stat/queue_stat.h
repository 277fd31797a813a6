/* queue_stat.h - cee-stat without an id: the queue */
#ifndef CEE_CMD_QUEUE_STAT_H
#define CEE_CMD_QUEUE_STAT_H

#include "cmd/cee-stat/stat_prog.h"

/* The exit status. */
int queue_stat(struct stat_prog *p);

#endif
