/* fd.h - descriptors and files: whole writes, bounded reads, no links followed */
#ifndef CEE_BASE_FD_H
#define CEE_BASE_FD_H

#include "base/buf.h"

#include <stddef.h>

int write_full(int fd, const void *data, size_t len);
/* Opens (flags: O_RDONLY …; a new file is 0600) what must be a regular file with at most one
 * link, never following a link nor waiting for anybody. -1; EINVAL when it is no such file. */
int open_file_at(int dirfd, const char *name, int flags);
/* Reads one of at most max bytes, opened like that. EFBIG when larger. The caller frees b. */
int read_file_at(int dirfd, const char *name, size_t max, struct buf *b);
int read_fd(int fd, size_t max, struct buf *b); /* to its end; EFBIG when that is beyond max */
void close_ptr(int *fd);			/* closes when >= 0, keeps errno */
#define AUTO_CLOSE __attribute__((cleanup(close_ptr)))

#endif
