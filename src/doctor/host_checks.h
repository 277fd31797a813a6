/* host_checks.h - checks of this host that do not need the engine */
#ifndef CEE_DOCTOR_HOST_CHECKS_H
#define CEE_DOCTOR_HOST_CHECKS_H

#include "conf/conf.h"
#include "runner/host/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>


/* Checks the spool's file system, version, owner and mode, and writes and syncs an unnamed file
 * there. */
void local_spool(struct finding *f, const struct conf *c);
/* Checks the free bytes and inodes of the spool's disk. */
void local_room(struct finding *f, const struct conf *c);
/* Compares inotify's limits with this user's present use; owners: directories to watch. */
void local_inotify(struct finding *f, int64_t owners);
/* box_us: the clock of a box, taken between after and before (this host's); 0 not known. */
void local_clock(struct finding *f, int64_t box_us, int64_t before, int64_t after);
/* Is uids of cee.conf free of users, groups and subordinate ranges? */
void local_uids(struct finding *f, const struct conf *c);

/* One file as text: "name:x:ID:…" or, with ranges, "name:FIRST:COUNT". Finds the name in the
 * first line that overlaps base … base + count - 1; false: no line does. *end (may be NULL) is
 * raised to one more than the highest number in any line. */
bool uids_met(const char *text, bool ranges, uint64_t base, uint64_t count, char *who, size_t size, uint64_t *end);
#endif
