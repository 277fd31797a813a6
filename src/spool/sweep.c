/* sweep.c - removing temporary files whose writers are gone (sweep.h) */
#include "spool/sweep.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "spool/layout.h"
#include "spool/places.h"
#include "spool/remove_tree.h"
#include "spool/runner_dir.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GONE_REST_US = 60000000, SWEEP_MOST = 10000 };

static void sweep_runner(int tmp, const char *name)
{
	AUTO_CLOSE int dir = dir_open(tmp, name), lock = -1;

	if (dir < 0 || ((lock = runner_dir_lock(dir)) < 0 && errno != ENOENT))
		return;
	/* without the lock no file is unlinked: the runner may be about to create the lock file */
	if (runner_dir_empty(dir) == 0 && (lock < 0 || runner_dir_unlock(dir) == 0))
		unlinkat(tmp, name, AT_REMOVEDIR);
}

static void sweep_file(int tmp, const char *name)
{
	AUTO_CLOSE int fd = openat(tmp, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (file_lock(fd, false) == 0 && file_is_at(fd, tmp, name))
		unlinkat(tmp, name, 0);
}

int spool_sweep_dir(int dir)
{
	DIR *d = dir_list(dir, ".");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n++ < SWEEP_MOST && (e = dir_next(d))) {
		if (layout_is_gone(e->d_name))
			spool_sweep_gone(dirfd(d), e->d_name, GONE_REST_US);
		else if (dir_is_dir(d, e))
			sweep_runner(dirfd(d), e->d_name);
		else
			sweep_file(dirfd(d), e->d_name);
		errno = 0;
	}
	return dir_end(d, 0);
}

/* Sweeps the files in another user's tmp/. A runner removes nothing else there. */
static int sweep_files(int tmp)
{
	DIR *d = dir_list(tmp, ".");
	struct dirent *e;
	int n = 0;

	if (!d)
		return -1;
	while (n++ < SWEEP_MOST && (e = dir_next(d))) {
		if (!dir_is_dir(d, e))
			sweep_file(dirfd(d), e->d_name);
		errno = 0;
	}
	return dir_end(d, 0);
}

int spool_sweep(struct spool *s, const char *owner)
{
	AUTO_CLOSE int tmp = place_part(s, owner, PART_TMP);

	if (tmp < 0)
		return -1;
	return s->shared ? sweep_files(tmp) : spool_sweep_dir(tmp);
}
