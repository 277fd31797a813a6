/* runner_dir.c - a runner's directory in cur or tmp: its lock, its removal (runner_dir.h) */
#include "spool/runner_dir.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "spool/layout.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Takes the lock of cur/NAME (or tmp/NAME); EAGAIN when its runner lives. */
int runner_dir_lock(int dir)
{
	AUTO_CLOSE int fd = openat(dir, LAYOUT_RUNNER_LOCK, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int keep;

	if (fd < 0 || file_lock(fd, false) < 0)
		return -1;
	if (!file_is_at(fd, dir, LAYOUT_RUNNER_LOCK)) {
		errno = ENOENT;
		return -1;
	}
	keep = fd;
	fd = -1;
	return keep;
}

/* Removes the OWNER directories of a runner; ENOTEMPTY when one has a job. */
int runner_dir_empty(int dir)
{
	DIR *d = dir_list(dir, ".");
	struct dirent *e;
	int r = d ? 0 : -1, err = errno;

	while (d && (e = dir_next(d)))
		if (dir_is_dir(d, e) && unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) < 0) {
			err = errno;
			r = -1;
		}
	if (d)
		closedir(d);
	errno = err;
	return r;
}

/* Removes the lock files; those that are missing are no error. */
int runner_dir_unlock(int dir)
{
	if (unlinkat(dir, LAYOUT_RUNNER_ALIVE, 0) < 0 && errno != ENOENT)
		return -1;
	return unlinkat(dir, LAYOUT_RUNNER_LOCK, 0) < 0 && errno != ENOENT ? -1 : 0;
}

int runner_dir_remove(struct spool *s, const char *name, int dir)
{
	AUTO_CLOSE int cur = dir_open(s->fd, LAYOUT_CUR), tmp = dir_open(s->fd, LAYOUT_TMP);

	if (cur < 0 || tmp < 0 || runner_dir_empty(dir) < 0)
		return -1;
	if (renameat2(cur, name, tmp, name, RENAME_NOREPLACE) < 0)
		return -1;
	if (runner_dir_unlock(dir) < 0)
		return -1;
	return unlinkat(tmp, name, AT_REMOVEDIR);
}
