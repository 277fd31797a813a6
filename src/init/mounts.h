/* mounts.h - building a cell from inside: its user, its mounts, its capabilities
 *
 * For the first process of the cell's namespaces, before any other process is in them:
 *     mounts_map_user, mounts_prepare, and when its job is known mounts_make, mounts_drop_privileges
 * Each returns -1 and text; a cell in which one failed is not used.
 */
#ifndef CEE_INIT_MOUNTS_H
#define CEE_INIT_MOUNTS_H

#include "init/disk_room.h"

#include <sys/types.h>

/* Maps user and group 1000 to uid and gid outside. */
int mounts_map_user(uid_t uid, gid_t gid, char *text);
/* What is the same for all jobs, and most of the time that a cell takes: /proc, without the host's facts. */
int mounts_prepare(char *text);
/* The disk, and what lies on it. shown: the memory limit that programs read (shown_limit.h). */
int mounts_make(const struct disk_room *room, int *shown, char *text);
/* Drops the capabilities of all sets, and makes sure that none can be regained. */
int mounts_drop_privileges(char *text);
int mounts_write(const char *path, const char *value); /* into a file of /proc; -1 and errno */

#endif
