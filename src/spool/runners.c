/* runners.c - which runners are alive (runners.h) */
#include "spool/runners.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int spool_runner_file(struct spool *s, const char *name)
{
	char path[OWNER_MAX + 16];
	int fd;

	if (!spool_runner_valid(name))
		return -1;
	snprintf(path, sizeof(path), LAYOUT_CUR "/%.*s/%s", OWNER_MAX - 1, name,
		 s->shared ? LAYOUT_RUNNER_ALIVE : LAYOUT_RUNNER_LOCK);
	fd = openat(s->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || file_locked_alone(fd) == 1)
		return fd;
	close(fd);
	return -1;
}

bool spool_runner_lives(struct spool *s, const char *name)
{
	AUTO_CLOSE int fd = spool_runner_file(s, name);

	return fd >= 0;
}

int spool_runner_alive(struct spool *s, int *count)
{
	DIR *d = dir_list(s->fd, LAYOUT_CUR);
	struct dirent *e;
	int n = 0;

	while (d && (e = dir_next(d)))
		n += spool_runner_lives(s, e->d_name);
	if (d)
		closedir(d);
	if (count)
		*count = n;
	return n > 0;
}

void spool_site(struct spool *s, char site[SPOOL_SITE_MAX])
{
	struct statx st;

	site[0] = 0;
	if (statx(s->fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) == 0 &&
	    (st.stx_mask & (STATX_INO | STATX_BTIME)) == (STATX_INO | STATX_BTIME))
		snprintf(site, SPOOL_SITE_MAX, "%llx.%llx.%x", (unsigned long long)st.stx_ino,
			 (unsigned long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
}

int64_t spool_runners_changed_us(struct spool *s)
{
	struct stat st;

	return fstatat(s->fd, LAYOUT_CUR, &st, 0) == 0 ? (int64_t)st.st_mtime * 1000000 : -1;
}
