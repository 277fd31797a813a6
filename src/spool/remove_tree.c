/* remove_tree.c - removing a directory with its contents (remove_tree.h)
 *
 * The tree is walked relative to a descriptor, without following links.
 */
#include "spool/remove_tree.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/testhook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 8, PASSES = 3, TOP_PASSES = 1000000 };

/* The walk goes DEPTH directories deep: a directory at that depth is moved up to the top of the tree,
 * where a later pass removes it. So a tree that a user made deeper than descriptors or stacks allow goes as well. */
struct removal {
	int top; /* the tree's first directory, -1 before it is open */
};

static int remove_at(struct removal *r, int at, const char *name, int depth);

static int move_up(struct removal *r, int at, const char *name)
{
	char up[48], id[ID_LEN + 1];

	id_make(id);
	snprintf(up, sizeof up, "up.%s", id);
	return renameat2(at, name, r->top, up, RENAME_NOREPLACE);
}

static int remove_entries(struct removal *r, int fd, int depth)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), result = 0, err = 0;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		close_ptr(&copy);
		return -1;
	}
	rewinddir(d);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    remove_at(r, dirfd(d), e->d_name, depth) < 0) {
			err = errno;
			result = -1;
		} else {
			spool_hook("tree-begun");
		}
	closedir(d);
	errno = err;
	return result;
}

static int remove_at(struct removal *r, int at, const char *name, int depth)
{
	AUTO_CLOSE int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool top = r->top < 0;
	int passes = top ? TOP_PASSES : PASSES;

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(at, name, 0) == 0 || errno == ENOENT ? 0 : -1;
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (depth <= 0)
		return move_up(r, at, name);
	if (top)
		r->top = fd;
	/* repeated, because readdir may skip entries while other processes remove some, and because of move_up */
	for (int i = 0; i < passes; i++) {
		if (remove_entries(r, fd, depth - 1) < 0)
			return -1;
		if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
	}
	return -1;
}

int spool_remove_tree(int at, const char *name)
{
	struct removal r = { .top = -1 };

	return remove_at(&r, at, name, DEPTH);
}

int spool_sweep_gone(int tmp, const char *name, int64_t older_us)
{
	struct stat st;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	/* another process may be removing this tree: a second one would do no harm, but is not needed */
	if (now_us() - ((int64_t)st.st_ctim.tv_sec * 1000000 + st.st_ctim.tv_nsec / 1000) < older_us)
		return 0;
	return spool_remove_tree(tmp, name);
}
