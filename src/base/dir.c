/* dir.c - directories: opened beneath a descriptor, listed, no links followed (dir.h) */
#include "base/dir.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* mode: missing directories are made with it; 0: none is made. access: O_PATH for the directories on the way, since
 * a reader of a shared spool may search but not list them. */
static int dir_step(int at, const char *name, int access, mode_t mode)
{
	int fd = openat(at, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !mode)
		return fd;
	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return -1;
	return openat(at, name, access | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int dir_walk(int at, const char *path, mode_t mode)
{
	int fd = at;

	for (;;) {
		char part[NAME_MAX + 1];
		size_t n = strcspn(path, "/");
		int next;

		if (n == 0 || n > NAME_MAX) {
			errno = n ? ENAMETOOLONG : EINVAL;
			next = -1;
		} else {
			memcpy(part, path, n);
			part[n] = 0;
			next = dir_step(fd, part, path[n] ? O_PATH : O_RDONLY, mode);
		}
		if (fd != at)
			close_ptr(&fd);
		if (next < 0 || !path[n])
			return next;
		fd = next;
		path += n + 1;
	}
}

int dir_open(int at, const char *path)
{
	return dir_walk(at, path, 0);
}

int dir_make(int at, const char *path, mode_t mode)
{
	return dir_walk(at, path, mode);
}

bool dir_has(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

DIR *dir_list(int at, const char *path)
{
	int fd = dir_open(at, path);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		close_ptr(&fd);
	return d;
}

struct dirent *dir_next(DIR *d)
{
	struct dirent *e;

	do {
		errno = 0;
		e = readdir(d);
	} while (e && e->d_name[0] == '.');
	return e;
}

int dir_each_name(int at, const char *path, dir_name_fn f, void *arg)
{
	DIR *d = dir_list(at, path);
	struct dirent *e;
	int r = 0;

	if (!d)
		return -1;
	while (r == 0 && (e = dir_next(d)))
		r = f(arg, e->d_name);
	closedir(d);
	return r;
}

int dir_end(DIR *d, int r)
{
	int err = errno;

	closedir(d);
	errno = err;
	return r ? r : err ? -1 : 0;
}

bool dir_is_dir(DIR *d, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int64_t file_written_us(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return INT64_MAX;
	return (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000;
}
