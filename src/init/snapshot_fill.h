/* snapshot_fill.h - writing a snapshot's files into a test's folder */
#ifndef CEE_INIT_SNAPSHOT_FILL_H
#define CEE_INIT_SNAPSHOT_FILL_H

#include "init/intake.h"

/* fd: a sealed snapshot's (snapshot.h). -1 and text. */
int snapshot_fill(struct intake *in, int fd, char *text);

#endif
