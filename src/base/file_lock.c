/* file_lock.c - locks on whole files (file_lock.h) */
#include "base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

int file_lock(int fd, bool wait)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EACCES)
		errno = EAGAIN;
	return r;
}

int file_lock_shared(int fd)
{
	struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int r;

	do
		r = fcntl(fd, F_OFD_SETLKW, &l);
	while (r < 0 && errno == EINTR);
	return r;
}

static int locked_against(int fd, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return -1;
	return l.l_type != F_UNLCK;
}

int file_locked(int fd)
{
	return locked_against(fd, F_WRLCK);
}

int file_locked_alone(int fd)
{
	return locked_against(fd, F_RDLCK);
}

bool file_is_at(int fd, int dir, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}
