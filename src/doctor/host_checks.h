/* host_checks.h - what cee-doctor finds on this host without the engine's help */
#ifndef CEE_DOCTOR_HOST_CHECKS_H
#define CEE_DOCTOR_HOST_CHECKS_H

#include "conf/conf.h"
#include "runner/host/host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>


/* Its file system, version, owner, mode, and a file written and synced there (without a name). */
void local_spool(struct finding *f, const struct conf *c);
/* Bytes and inodes left. */
void local_room(struct finding *f, const struct conf *c);
/* inotify's bounds against what this user has in use; owners: directories to watch. */
void local_inotify(struct finding *f, int64_t owners);
/* box_us: the clock of a box, taken between after and before (this host's); 0 not known. */
void local_clock(struct finding *f, int64_t box_us, int64_t before, int64_t after);
/* Is uids of cee.conf free of users, groups and subordinate ranges? */
void local_uids(struct finding *f, const struct conf *c);

/* One file as text: "name:x:ID:…" or, with ranges, "name:FIRST:COUNT". Whose line meets
 * base … base + count - 1 first; false: nobody's. *end (may be NULL): one behind the highest
 * number that any line names, at least as it was. */
bool uids_met(const char *text, bool ranges, uint64_t base, uint64_t count, char *who, size_t size, uint64_t *end);
#endif
