/* collector.c - reads the frames of a walk, checks them, and hands them on (collector.h) */
#include "init/collector.h"

#include "init/collect_walk.h"
#include "wire/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_MAX = 32 << 10 };

int collector_open(struct collector *c, int *theirs)
{
	int p[2];

	c->fd = *theirs = -1;
	c->left = 0;
	c->done = false;
	frame_parser_init(&c->parser);
	if (pipe2(p, O_CLOEXEC))
		return -1;
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	c->fd = p[0];
	*theirs = p[1];
	return 0;
}

void collector_close(struct collector *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool frame_fits(struct collector *c, const struct frame *f)
{
	struct frame_file file;
	struct frame_left left;

	switch ((unsigned)f->type) {
	case FRAME_FILE:
		if (!frame_unpack_file(f->data, f->len, &file) || file.name_len > COLLECT_NAME_MAX)
			return false;
		c->left = file.size;
		return true;
	case FRAME_DATA:
		if (f->len > c->left)
			return false;
		c->left -= f->len;
		return true;
	case FRAME_LEFT:
		c->left = 0;
		return frame_unpack_left(f->data, f->len, &left) && left.name_len <= COLLECT_NAME_MAX;
	case FRAME_DONE:
		return f->len == 4;
	default:
		return false;
	}
}

static int at_end(struct collector *c, bool done)
{
	c->done = done;
	collector_close(c);
	return 0;
}

int collector_read(struct collector *c, void (*take)(void *arg, const struct frame *f), void *arg)
{
	unsigned char data[READ_MAX];
	struct frame f;
	size_t used;
	ssize_t n = c->fd < 0 ? 0 : read(c->fd, data, sizeof data);
	int got;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (n <= 0)
		return at_end(c, false);
	for (size_t at = 0; at < (size_t)n; at += used) {
		got = frame_feed(&c->parser, data + at, (size_t)n - at, &used, &f);
		if (got < 0 || (got && !frame_fits(c, &f)))
			return at_end(c, false);
		if (got && f.type == FRAME_DONE)
			return at_end(c, true);
		if (got)
			take(arg, &f);
	}
	return 1;
}
