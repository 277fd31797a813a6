/* collector.h - init's end of a walk (collect_walk.h): reads the files at its own pace */
#ifndef CEE_INIT_COLLECTOR_H
#define CEE_INIT_COLLECTOR_H

#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct collector {
	int fd;	       /* the pipe, -1 none; to be polled for POLLIN */
	uint64_t left; /* bytes of the current file that are still missing */
	bool done;     /* DONE came: the walk is complete */
	struct frame_parser parser;
};

/* Makes the pipe; *theirs is for the walker, the caller closes it. -1 and errno. */
int collector_open(struct collector *c, int *theirs);
/* Reads once, at most 32 KiB, and calls take for each whole FILE, DATA and LEFT, which are
 * checked: lengths, and that DATA does not exceed FILE's size. 1 more may come, 0 the end
 * (without done the walker died or sent malformed frames). Closes at the end. */
int collector_read(struct collector *c, void (*take)(void *arg, const struct frame *f), void *arg);
void collector_close(struct collector *c); /* the walker then stops by itself */

#endif
