/* reader.c - the reader of an answer: bytes go to it, and whether it has gone (reader.h)
 *
 * The pipe does not block, so that a signal, a hang-up and a reader that stands still are all noticed in
 * one poll. A file or a terminal (a program started by hand) is left as it is.
 */
#include "http/reader.h"
#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void reader_init(struct reader *r, const char *fill)
{
	long n = fill && fill[strspn(fill, "0123456789")] == 0 ? strtol(fill, NULL, 10) : 0;
	struct stat st;

	*r = (struct reader){ .fd = STDOUT_FILENO, .signals = -1, .patience_us = READER_STALL_MS * INT64_C(1000) };
	r->fill = n > 0 && n <= READER_FILL_MAX ? (size_t)n : 0;
	if (fstat(r->fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		fcntl(r->fd, F_SETFL, fcntl(r->fd, F_GETFL) | O_NONBLOCK);
}

void reader_release(struct reader *r)
{
	close_ptr(&r->signals);
}

void reader_end(struct reader *r, int in)
{
	int64_t until = mono_us() + READER_LINGER_MS * INT64_C(1000), left;
	struct pollfd p = { .fd = in, .events = POLLIN };
	struct stat st;
	char block[4096];
	ssize_t n = 1;

	if (r->gone || fstat(in, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	shutdown(r->fd, SHUT_WR);
	while ((n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN))) && (left = until - mono_us()) > 0)
		n = poll(&p, 1, (int)(left / 1000) + 1) > 0 ? read(in, block, sizeof block) : 0;
}

void reader_watch(struct reader *r)
{
	sigset_t set;

	if (r->signals >= 0)
		return;
	r->written_us = mono_us();
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
}

void reader_fds(const struct reader *r, struct pollfd fds[READER_FDS])
{
	fds[0] = (struct pollfd){ .fd = r->fd };
	fds[1] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
}

void reader_polled(struct reader *r, const struct pollfd fds[READER_FDS])
{
	if ((fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) || (fds[1].revents & POLLIN))
		r->gone = true;
}

int reader_beat_ms(const struct reader *r)
{
	int64_t left = (r->written_us - mono_us()) / 1000 + READER_BEAT_MS;

	return left > 0 ? (int)left : 0;
}

/* Until there is room; false: the reader has gone, or is too slow. */
static bool wait_for_room(struct reader *r)
{
	int64_t left = r->patience_us - r->waited_us, began = mono_us();
	struct pollfd fds[READER_FDS];
	int n;

	if (left <= 0)
		return false;
	reader_fds(r, fds);
	fds[0].events = POLLOUT;
	n = poll(fds, READER_FDS, (int)(left / 1000) + 1);
	r->waited_us += mono_us() - began;
	if (n > 0)
		reader_polled(r, fds);
	return !r->gone && (n > 0 || (n < 0 && errno == EINTR));
}

static void took(struct reader *r, ssize_t n)
{
	int64_t paid = n * (INT64_C(1000000) / READER_RATE);

	r->waited_us = r->waited_us > paid ? r->waited_us - paid : 0;
}

int reader_write(struct reader *r, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0 && !r->gone) {
		ssize_t n = write(r->fd, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			took(r, n);
		} else if (errno != EINTR && (errno != EAGAIN || !wait_for_room(r))) {
			r->gone = true;
		}
	}
	r->written_us = mono_us();
	return r->gone ? -1 : 0;
}
