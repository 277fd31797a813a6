/* runner_dir.c - a runner's directory in cur or tmp: its lock, its removal (runner_dir.h) */
#include "spool/runner_dir.h"
#include "base/buf.h"
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
#include <string.h>
#include <unistd.h>

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

enum { BOOT_MAX = 64 };

static int this_boot(struct buf *id)
{
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read_fd(fd, BOOT_MAX, id);
}

int runner_dir_mark_boot(int dir)
{
	AUTO_CLOSE int fd = openat(dir, LAYOUT_RUNNER_BOOT, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	AUTO_BUF struct buf id = { 0 };

	return fd < 0 || this_boot(&id) < 0 ? -1 : write_full(fd, id.data, id.len);
}

bool runner_dir_same_boot(int dir)
{
	AUTO_BUF struct buf then = { 0 }, now = { 0 };

	return read_file_at(dir, LAYOUT_RUNNER_BOOT, BOOT_MAX, &then) == 0 && this_boot(&now) == 0 && then.len > 0 &&
	       then.len == now.len && memcmp(then.data, now.data, now.len) == 0;
}

int runner_dir_unlock(int dir)
{
	if (unlinkat(dir, LAYOUT_RUNNER_ALIVE, 0) < 0 && errno != ENOENT)
		return -1;
	if (unlinkat(dir, LAYOUT_RUNNER_BOOT, 0) < 0 && errno != ENOENT)
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
