/* snapshot.h - the files that every test of a job starts with
 *
 * The compile phase's files, taken by a walk (collect_walk.h) into memory of init's and
 * written into the fresh cell of each test (snapshot_fill.h). They are frames, (FILE DATA*)*,
 * in a memfd that is sealed before another process gets it.
 */
#ifndef CEE_INIT_SNAPSHOT_H
#define CEE_INIT_SNAPSHOT_H

#include "init/failure.h"
#include "wire/frame.h"

#include <stdint.h>

struct snapshot {
	int fd; /* -1 none; owned */
	uint64_t size;
	char problem[INIT_TEXT]; /* the first file that could not be kept, and why; "" none */
};

int snapshot_open(struct snapshot *s);			      /* -1 and errno */
void snapshot_add(struct snapshot *s, const struct frame *f); /* FILE, DATA, LEFT as a walk gives them */
void snapshot_seal(struct snapshot *s);
void snapshot_close(struct snapshot *s);

#endif
