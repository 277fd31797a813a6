/* intake.c - files that arrive as FILE and DATA frames, written beneath a folder (intake.h)
 *
 * Rules it keeps:
 * - A name is taken one part at a time beneath the folder's descriptor, and no link is
 *   followed, so that nothing is written elsewhere.
 * - A file is new (O_EXCL) and has exactly the size that was announced.
 */
#include "init/intake.h"

#include "base/fd.h"
#include "init/failure.h"
#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_ALL = 1024, PART_MAX = 255, DEPTH_MAX = 32 };

struct link { /* a symbolic link whose target is arriving */
	int dir;
	size_t have;
	char name[256], target[4096];
};

/* "a/b/c": without empty parts, "." and "..". */
static bool name_valid(const char *name)
{
	size_t part = 0, parts = 1;

	for (const char *p = name, *start = name;; p++) {
		if (*p && *p != '/')
			continue;
		part = (size_t)(p - start);
		if (!part || part > PART_MAX || (part == 1 && *start == '.') ||
		    (part == 2 && start[0] == '.' && start[1] == '.'))
			return false;
		if (!*p)
			return parts <= DEPTH_MAX;
		parts++;
		start = p + 1;
	}
}

/* Makes the folders above the file; returns a descriptor of the last one and
 * leaves the file's own name in *name. */
static int open_parents(int folder, char **name)
{
	int dir = fcntl(folder, F_DUPFD_CLOEXEC, 3), next;

	for (char *slash; dir >= 0 && (slash = strchr(*name, '/')); *name = slash + 1, dir = next) {
		*slash = '\0';
		if (mkdirat(dir, *name, 0755) && errno != EEXIST) {
			close(dir);
			return -1;
		}
		next = openat(dir, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(dir);
	}
	return dir;
}

bool intake_complete(const struct intake *in)
{
	return in->file < 0 && !in->link;
}

static int end_file(struct intake *in, char *text)
{
	int r = 0;

	if (in->left)
		return 0;
	if (in->file >= 0)
		close(in->file);
	in->file = -1;
	if (in->link) {
		if (symlinkat(in->link->target, in->link->dir, in->link->name))
			r = init_fail(text, "%.200s: %s", in->link->name, strerror(errno));
		close(in->link->dir);
		free(in->link);
		in->link = NULL;
	}
	return r;
}

static int make_folder(int dir, const char *name, uint32_t mode, char *text)
{
	int fd = -1, r = -1;

	if (!mkdirat(dir, name, 0755) || errno == EEXIST)
		fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, mode & 0777))
		init_fail(text, "%.200s: %s", name, strerror(errno));
	else
		r = 0;
	close_ptr(&fd);
	return r;
}

static int begin_link(struct intake *in, int dir, const char *name, uint64_t size, char *text)
{
	in->link = size && size < sizeof in->link->target ? calloc(1, sizeof *in->link) : NULL;
	if (!in->link)
		return init_fail(text, "%.200s: invalid symbolic link (its target must have 1 to 4095 bytes)", name);
	in->link->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	snprintf(in->link->name, sizeof in->link->name, "%.255s", name); /* name_valid has checked its length */
	in->left = size;
	return 0;
}

static int begin_regular(struct intake *in, int dir, const char *name, uint32_t mode, uint64_t size, char *text)
{
	in->file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (in->file < 0)
		return init_fail(text, "%.200s: %s", name, strerror(errno));
	if (fchmod(in->file, mode & 0777))
		return init_fail(text, "%.200s: mode: %s", name, strerror(errno));
	in->left = size;
	return end_file(in, text);
}

int intake_file(struct intake *in, const unsigned char *p, size_t len, char *text)
{
	char full[NAME_MAX_ALL + 1], *name = full;
	struct frame_file f;
	int dir, r;

	if (!intake_complete(in) || !frame_unpack_file(p, len, &f))
		return init_fail(text, "malformed FILE frame");
	if (f.name_len <= NAME_MAX_ALL)
		snprintf(full, sizeof full, "%.*s", (int)f.name_len, f.name);
	if (f.name_len > NAME_MAX_ALL || !name_valid(full))
		return init_fail(text, "invalid file name (must be relative, without empty, \".\" or \"..\" parts)");
	dir = open_parents(in->folder, &name);
	if (dir < 0)
		return init_fail(text, "%.200s: %s", name, strerror(errno));
	if (S_ISDIR(f.mode))
		r = make_folder(dir, name, f.mode, text);
	else if (S_ISLNK(f.mode))
		r = begin_link(in, dir, name, f.size, text);
	else
		r = begin_regular(in, dir, name, f.mode, f.size, text);
	close(dir);
	return r;
}

int intake_data(struct intake *in, const unsigned char *p, size_t len, char *text)
{
	if ((in->file < 0 && !in->link) || len > in->left)
		return init_fail(text, "more data than the file's size");
	if (in->link) {
		memcpy(in->link->target + in->link->have, p, len);
		in->link->have += len;
	} else if (write_full(in->file, p, len)) {
		return init_fail(text, "the job's files: %s%s", strerror(errno),
				 errno == ENOSPC ? "; raise the limit disk" : "");
	}
	in->left -= len;
	return end_file(in, text);
}

void intake_init(struct intake *in)
{
	*in = (struct intake){ .folder = -1, .file = -1 };
}

void intake_release(struct intake *in)
{
	close_ptr(&in->folder);
	close_ptr(&in->file);
	if (in->link)
		close(in->link->dir);
	free(in->link);
	intake_init(in);
}
