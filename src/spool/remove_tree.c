/* remove_tree.c - removing a directory with its contents (remove_tree.h)
 *
 * The tree is walked relative to a descriptor, without following links, and to a bounded depth.
 */
#include "spool/remove_tree.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/testhook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_entries(int fd, int depth)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0, err = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		close_ptr(&copy);
		return -1;
	}
	rewinddir(d);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    spool_remove_tree(dirfd(d), e->d_name, depth) < 0) {
			err = errno;
			r = -1;
		} else {
			spool_hook("tree-begun");
		}
	closedir(d);
	errno = err;
	return r;
}

int spool_remove_tree(int at, const char *name, int depth)
{
	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(at, name, 0) == 0 || errno == ENOENT ? 0 : -1;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (depth <= 0) {
		errno = ELOOP;
		return -1;
	}
	/* repeated, because readdir may skip entries while other processes remove some */
	for (int i = 0; i < 3; i++) {
		if (remove_entries(fd, depth - 1) < 0)
			return -1;
		if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
	}
	return -1;
}

int spool_sweep_gone(int tmp, const char *name, int64_t older_us)
{
	struct stat st;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	/* another process may be removing this tree: a second one would do no harm, but is not needed */
	if (now_us() - ((int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000) < older_us)
		return 0;
	return spool_remove_tree(tmp, name, REMOVE_TREE_DEPTH);
}
