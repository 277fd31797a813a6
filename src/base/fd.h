/* fd.h - descriptors and files: complete writes, bounded reads, no links followed */
#ifndef CEE_BASE_FD_H
#define CEE_BASE_FD_H

#include "base/buf.h"

#include <stddef.h>
#include <sys/types.h>

int write_full(int fd, const void *data, size_t len); /* writes all, or -1 and errno */
int pwrite_full(int fd, const void *data, size_t len, off_t at);
/* Opens a regular file with at most one link, and neither follows a symbolic link nor blocks
 * (flags: O_RDONLY …; a new file is 0600). -1; EINVAL if it is another kind of file. */
int open_file_at(int dirfd, const char *name, int flags);
/* Reads a file of at most max bytes, opened as by open_file_at. EFBIG if it is larger. The caller frees b. */
int read_file_at(int dirfd, const char *name, size_t max, struct buf *b);
int read_fd(int fd, size_t max, struct buf *b); /* reads to the end; EFBIG if that is more than max bytes */
void close_ptr(int *fd);			/* closes when >= 0, keeps errno */
#define AUTO_CLOSE __attribute__((cleanup(close_ptr)))

#endif
