/* collect_walk.h - finds a job's output files after all of its processes have ended
 *
 * The process that can see the files (a cell's supervisor, a child of init, the package box)
 * walks a folder and writes what it finds as frames into a pipe; collector.h is the reader.
 */
#ifndef CEE_INIT_COLLECT_WALK_H
#define CEE_INIT_COLLECT_WALK_H

#include "base/glob.h"

#include <stddef.h>
#include <stdint.h>

enum { COLLECT_NAME_MAX = 1024 }; /* bytes of a name, from the folder on */

struct collect_request {
	uint32_t everything;   /* 0: regular files that a pattern matches, with plain names;
				* 1: all regular files, folders (after their contents) and
				* links, to be given to another cell as they are */
	uint64_t files, bytes; /* at most; a folder or a link counts as a file */
};

/* Walks beneath work and writes FILE DATA* and LEFT, as it finds files, and DONE last to fd, a
 * blocking pipe. p: n patterns. FILE's mode has the type's bits too. A file whose DATA stops short,
 * or that LEFT_CHANGED names next, was not collected. Ends early when the reader is gone. Changes
 * the modes of files that cannot be read otherwise. */
void collect_walk(int work, const struct collect_request *c, const struct pattern *p, size_t n, int fd);

#endif
