/* shown_limit.h - the memory limit that programs read in /sys/fs/cgroup
 *
 * Language runtimes size their heaps by it. The cgroup's own file has what the kernel enforces, which is more than the
 * job's limit: of the job's cgroup by what is counted besides, of the box by cee-init and the job's disk. So a file of
 * the cell's own, read-only, covers it, with the limit of the phase that runs.
 */
#ifndef CEE_INIT_SHOWN_LIMIT_H
#define CEE_INIT_SHOWN_LIMIT_H

#include <stdint.h>

/* Makes the file at path, on the cell's disk, and mounts it over those of the cgroups. The descriptor of the file, for
 * shown_limit_set; -1 and text. */
int shown_limit_make(const char *path, char *text);
void shown_limit_set(int fd, uint64_t bytes); /* LIMIT_NONE or more: "max" */

#endif
