/* program_input.c - STDIN frames on their way to the program (program_input.h) */
#include "init/program_input.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum {
	STDIN_FIRST = 64 << 10, /* credit at the start */
	TTY_ENDS = 16,
};

void input_reset(struct program_input *in)
{
	in->fd = in->tty = -1;
	in->window = STDIN_FIRST;
	in->tty_ended = false;
	in->start = in->len = 0;
	in->credit = 0;
}

void input_reset_early(struct program_input *in, size_t credit)
{
	input_reset(in);
	in->ended = false;
	in->credit = credit;
}

void input_open(struct program_input *in, int fd, int tty)
{
	in->fd = fd;
	in->tty = tty;
}

void input_close(struct program_input *in)
{
	close_ptr(&in->fd);
	in->tty = -1;
	in->start = in->len = 0;
	in->credit = 0;
}

bool input_add(struct program_input *in, const void *p, size_t len, bool discard)
{
	if (len > in->credit)
		return false;
	in->credit -= len;
	if (in->fd < 0 && discard)
		return true;
	if (in->start + in->len + len > STDIN_MAX) {
		memmove(in->data, in->data + in->start, in->len);
		in->start = 0;
	}
	if (len)
		memcpy(in->data + in->start + in->len, p, len);
	in->len += len;
	return true;
}

/* A terminal has no end: there is a character for it, which ends one read, or an incomplete line.
 * A program that reads again at the end of a pipe gets the end again, so several of these
 * characters are queued. Only a program that reads lines expects it. */
static bool queue_tty_end(struct program_input *in)
{
	struct termios t;

	if (in->tty < 0 || in->tty_ended || in->fd < 0 || tcgetattr(in->tty, &t) || !(t.c_lflag & ICANON))
		return false;
	in->tty_ended = true;
	in->len = TTY_ENDS;
	memset(in->data, t.c_cc[VEOF], in->len);
	return true;
}

static void write_queue(struct program_input *in)
{
	while (in->fd >= 0 && in->len) {
		ssize_t n = write(in->fd, in->data + in->start, in->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) { /* the program has closed it: the rest is discarded, as with any pipe */
			close_ptr(&in->fd);
			break;
		}
		in->start += (size_t)n;
		in->len -= (size_t)n;
		in->window = STDIN_MAX;
	}
	if (in->fd < 0)
		in->len = 0;
	if (!in->len)
		in->start = 0;
}

void input_write(struct program_input *in)
{
	write_queue(in);
	if (in->len || !in->ended)
		return;
	if (queue_tty_end(in))
		write_queue(in);
	if (!in->len)
		close_ptr(&in->fd);
}

/* Gives back what has been consumed, a quarter of the window at a time. A program that has
 * closed its input is given no more: an endless producer stops there. */
uint32_t input_credit(struct program_input *in)
{
	uint64_t room = in->window - in->len, more;

	if (in->fd < 0 || in->ended || room <= in->credit)
		return 0;
	more = room - in->credit;
	if (in->credit && more < in->window / 4)
		return 0;
	in->credit = room;
	return (uint32_t)more;
}
