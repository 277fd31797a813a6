/* check_tmp.c - tmp/, of an owner or of the spool (check_tmp.h) */
#include "spool/check_tmp.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "spool/check.h"
#include "spool/check_entry.h"
#include "spool/layout.h"
#include "spool/remove_tree.h"
#include "spool/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>

void check_tmp(struct spool_check *ck, int at, const char *path)
{
	DIR *d = check_open_dir(ck, at, LAYOUT_TMP, path);
	struct dirent *e;
	char p[CHECK_PATH_MAX];

	if (d && ck->fix)
		spool_sweep_dir(dirfd(d));
	while (d && (e = dir_next(d))) {
		/* a directory is moving into or out of cur (then it is a runner's), or is a removed job */
		bool is_dir = dir_is_dir(d, e), gone = layout_is_gone(e->d_name);
		AUTO_CLOSE int dir = is_dir ? dir_open(dirfd(d), e->d_name) : -1;
		AUTO_CLOSE int fd = openat(is_dir ? dir : dirfd(d), is_dir ? LAYOUT_RUNNER_LOCK : e->d_name,
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		check_join(p, path, e->d_name);
		if (gone && (!ck->fix || spool_sweep_gone(dirfd(d), e->d_name, 0) < 0))
			check_note(ck, p,
				   "is what is left of a removed job; the next sweep removes it, and so does --fix");
		if (!is_dir)
			check_file(ck, dirfd(d), e->d_name, p);
		if (fd >= 0 && file_locked(fd) == 0 && dir_has(dirfd(d), e->d_name))
			check_note(ck, p, "its writer is gone; the next sweep removes it, and so does --fix");
	}
	if (d)
		closedir(d);
}
