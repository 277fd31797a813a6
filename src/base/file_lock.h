/* file_lock.h - locks on whole files, which end with the descriptor
 *
 * Open file description locks (F_OFD_SETLK): they belong to the descriptor, not to the process,
 * and the kernel drops them when the last copy of it is closed, also after SIGKILL.
 */
#ifndef CEE_BASE_FILE_LOCK_H
#define CEE_BASE_FILE_LOCK_H

#include <stdbool.h>

/* Locks for writing. 0, or -1; EAGAIN when another descriptor has a lock and wait is false. */
int file_lock(int fd, bool wait);
/* Locks for reading: other readers may lock too, no writer. Waits. */
int file_lock_shared(int fd);
/* Does another descriptor hold any lock on it? 1, 0, -1 */
int file_locked(int fd);
/* Does another descriptor hold a lock for writing? A process that may only read the file cannot have one. */
int file_locked_alone(int fd);
/* Does dir/name still name the file that fd has open? To be asked after a lock was waited for. */
bool file_is_at(int fd, int dir, const char *name);

#endif
