/* metrics_file.c - each runner's metrics: SPOOL/metrics/RUNNER (metrics_file.h)
 *
 * Prometheus text. The runner writes it on its slow timer to a temporary file in the same directory and renames
 * it, so a reader sees a complete file. The file is not synced: a new runner counts from zero. It is removed with
 * its runner, or by the runner that takes over a dead runner's jobs. Other users cannot read it, because it counts
 * the jobs of all users.
 */
#include "spool/metrics_file.h"
#include "base/buf.h"
#include "base/dir.h"
#include "base/fd.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/runners.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { METRICS_MAX = 1 << 18 };

static int metrics_dir(struct spool *s)
{
	if (mkdirat(s->fd, LAYOUT_METRICS, 0755) < 0 && errno != EEXIST)
		return -1;
	return dir_open(s->fd, LAYOUT_METRICS);
}

int spool_metrics_write(struct spool *s, const char *runner, const char *text, size_t len, const uid_t *reader)
{
	AUTO_CLOSE int dir = metrics_dir(s), fd = -1;
	char name[OWNER_MAX + 8];
	int r = -1, err;

	layout_metrics_new(name, runner);
	if (dir < 0 || (fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0)
		return -1;
	if ((!reader || fchown(fd, *reader, (gid_t)-1) == 0) && write_full(fd, text, len) == 0)
		r = renameat(dir, name, dir, runner);
	err = errno;
	if (r < 0)
		unlinkat(dir, name, 0);
	errno = err;
	return r;
}

void spool_metrics_remove(struct spool *s, const char *runner)
{
	AUTO_CLOSE int dir = dir_open(s->fd, LAYOUT_METRICS);
	char name[OWNER_MAX + 8];

	if (dir < 0)
		return;
	layout_metrics_new(name, runner);
	unlinkat(dir, name, 0);
	unlinkat(dir, runner, 0);
}

int spool_each_metrics(struct spool *s, spool_text_fn f, void *arg)
{
	DIR *d = dir_list(s->fd, LAYOUT_METRICS);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = dir_next(d))) {
		AUTO_BUF struct buf b = { 0 };

		if (spool_runner_valid(e->d_name) && spool_runner_lives(s, e->d_name) &&
		    read_file_at(dirfd(d), e->d_name, METRICS_MAX, &b) == 0)
			r = f(arg, e->d_name, b.data ? b.data : "", b.len);
	}
	if (d)
		closedir(d);
	return r;
}
