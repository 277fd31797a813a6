/* file_lock.h - locks on whole files, which are released when the descriptor is closed
 *
 * Open file description locks (F_OFD_SETLK): they belong to the descriptor, not to the process,
 * and the kernel drops them when the last copy of the descriptor is closed, also after SIGKILL.
 */
#ifndef CEE_BASE_FILE_LOCK_H
#define CEE_BASE_FILE_LOCK_H

#include <stdbool.h>

/* Locks for writing. 0, or -1; EAGAIN when another descriptor has a lock and wait is false. */
int file_lock(int fd, bool wait);
/* Locks for reading: other readers may lock too, writers may not. Blocks. */
int file_lock_shared(int fd);
/* Does another descriptor hold a lock on the file, of either kind? 1, 0, -1 */
int file_locked(int fd);
/* Does another descriptor hold a lock for writing? A process with read access only cannot hold one. */
int file_locked_alone(int fd);
/* Does dir/name still name the file that fd has open? Check this after waiting for a lock. */
bool file_is_at(int fd, int dir, const char *name);

#endif
