/* snapshot.c - the files that every test of a job starts with (snapshot.h) */
#include "init/snapshot.h"

#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

int snapshot_open(struct snapshot *s)
{
	*s = (struct snapshot){ .fd = memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	return s->fd < 0 ? -1 : 0;
}

void snapshot_close(struct snapshot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	*s = (struct snapshot){ .fd = -1 };
}

static void lose(struct snapshot *s, const char *why, const char *name, size_t len)
{
	if (!*s->problem)
		init_fail(s->problem, "%.*s: %s", (int)(len < 200 ? len : 200), name, why);
}

static void put_frame(struct snapshot *s, const struct frame *f)
{
	unsigned char head[FRAME_HEADER];
	struct iovec v[2] = { { head, sizeof head }, { (void *)(uintptr_t)f->data, f->len } };
	size_t len = sizeof head + f->len;

	frame_header(head, f->type, STREAM_NONE, f->len);
	if (writev(s->fd, v, 2) != (ssize_t)len)
		lose(s, strerror(errno), "memory for files", 16);
	s->size += len;
}

void snapshot_add(struct snapshot *s, const struct frame *f)
{
	static const char *const why[LEFT_REASONS] = {
		[LEFT_COUNT] = "more files than the limit inodes",
		[LEFT_BYTES] = "more bytes than the limit disk",
		[LEFT_NAME] = "its name is too long or too deep",
		[LEFT_CHANGED] = "it has changed",
		[LEFT_UNREADABLE] = "it cannot be read",
		[LEFT_MORE] = "and more",
		[LEFT_SEARCH] = "takes too long",
	};
	struct frame_left left;

	if (f->type != FRAME_LEFT)
		put_frame(s, f);
	else if (!frame_unpack_left(f->data, f->len, &left))
		lose(s, "malformed LEFT frame", "", 0);
	else if (left.reason != LEFT_TYPE) /* a socket file is of no use to another process */
		lose(s, why[left.reason], left.name, left.name_len);
}

void snapshot_seal(struct snapshot *s)
{
	if (fcntl(s->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) && !*s->problem)
		init_fail(s->problem, "memory for files: %s", strerror(errno));
}
