/* fd.c - complete writes, and bounded reads of files that other users may have created
 *
 * Nothing follows a link or blocks: a FIFO, a device or a file with a second link is refused.
 */
#include "base/fd.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

int write_full(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int pwrite_full(int fd, const void *data, size_t len, off_t at)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The file may have changed since fstat: the bytes that are read decide. */
int read_fd(int fd, size_t max, struct buf *b)
{
	size_t start = b->len;

	for (;;) {
		ssize_t n;

		if (buf_room(b, 4096) < 0)
			return -1;
		n = read(fd, b->data + b->len, b->cap - b->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		b->len += (size_t)n;
		b->data[b->len] = '\0';
		if (b->len - start > max) {
			errno = EFBIG;
			return -1;
		}
		if (n == 0)
			return 0;
	}
}

int open_file_at(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
	struct stat st;

	if (fd < 0) {
		if (errno == ELOOP || errno == ENXIO) /* a symbolic link, a socket or a device */
			errno = EINVAL;
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1)
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

int read_file_at(int dirfd, const char *name, size_t max, struct buf *b)
{
	AUTO_CLOSE int fd = open_file_at(dirfd, name, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max) {
		errno = EFBIG;
		return -1;
	}
	if (buf_room(b, (size_t)st.st_size + 4096) < 0)
		return -1;
	return read_fd(fd, max, b);
}

void close_ptr(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}
