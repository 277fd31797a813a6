/* kept.c - how much an owner keeps (kept.h) */
#include "spool/kept.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "spool/layout.h"
#include "spool/owner_name.h"
#include "spool/places.h"
#include "spool/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT_SIZE = 64, KEPT_DEPTH = 8, BLOCK = 512 };

/* A job's own tree is three directories deep; what lies deeper is not counted. */
static int64_t size_of(int at, const char *name, int depth)
{
	struct stat st;
	struct dirent *e;
	int64_t sum;
	DIR *d;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	sum = (int64_t)st.st_blocks * BLOCK;
	if (!S_ISDIR(st.st_mode) || depth == 0 || !(d = dir_list(at, name)))
		return sum;
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			sum += size_of(dirfd(d), e->d_name, depth - 1);
	closedir(d);
	return sum;
}

int64_t kept_size(int at, const char *name)
{
	return size_of(at, name, KEPT_DEPTH);
}

int kept_write(struct spool *s, const char *owner, const struct kept *k)
{
	AUTO_CLOSE int dir = spool_owner_valid(owner) ? dir_open(s->fd, owner) : -1, fd = -1;
	char text[KEPT_SIZE + 1];
	struct stat st;

	if (dir < 0)
		return -1;
	fd = openat(dir, LAYOUT_KEPT, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, place_file_mode(s));
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1) {
		errno = EINVAL;
		return -1;
	}
	snprintf(text, sizeof text, "%020" PRId64 " %020" PRId64 "%*s\n", k->bytes, k->jobs, KEPT_SIZE - 42, "");
	return pwrite_full(fd, text, KEPT_SIZE, 0);
}

bool kept_read(struct spool *s, const char *owner, struct kept *k)
{
	AUTO_CLOSE int dir = spool_owner_valid(owner) ? dir_open(s->fd, owner) : -1, fd = -1;
	char text[KEPT_SIZE + 1] = "";
	struct stat st;

	if (dir < 0 || (fd = open_file_at(dir, LAYOUT_KEPT, O_RDONLY)) < 0 || fstat(fd, &st) < 0 ||
	    now_us() - ((int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000) > KEPT_FRESH_US)
		return false;
	return read(fd, text, KEPT_SIZE) == KEPT_SIZE && sscanf(text, "%" SCNd64 " %" SCNd64, &k->bytes, &k->jobs) == 2;
}
