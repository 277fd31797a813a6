/* unix_channel.c - one connection that comes to a Unix socket of this process (unix_channel.h)
 *
 * The socket is bound through the folder's descriptor, so that the length of its path does not matter (sun_path has
 * 108 bytes).
 */
#include "engine/unix_channel.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_SIZE = 65536, DRAIN_MOST = 64 };

static bool receive(struct unix_channel *c)
{
	unsigned char bytes[READ_SIZE];
	ssize_t n = recv(c->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n > 0) {
		c->bytes(c->arg, bytes, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	loop_unwatch(&c->watch); /* or the end would be reported again and again */
	c->ended(c->arg);
	return false;
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct unix_channel *c = (struct unix_channel *)((char *)w - offsetof(struct unix_channel, watch));

	if (c->open && events & EPOLLOUT)
		c->writable(c->arg);
	if (c->open && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive(c);
}

static void on_connection(struct watch *w, uint32_t events)
{
	struct unix_channel *c = (struct unix_channel *)((char *)w - offsetof(struct unix_channel, watch));
	struct loop *l = w->loop;
	int fd = c->open ? accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	(void)events;
	if (fd < 0 && c->open && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		loop_unwatch(w); /* no descriptor is left: the peer would be reported again and again */
		c->ended(c->arg);
	}
	if (fd < 0)
		return;
	unlinkat(c->folder, UNIX_CHANNEL_NAME, 0);
	close_ptr(&c->folder);
	loop_unwatch(w);
	close(w->fd);
	*w = (struct watch){ .fd = fd, .ready = on_ready };
	c->peer = true;
	if (loop_watch(l, w, EPOLLIN) < 0)
		c->ended(c->arg);
	else
		c->connected(c->arg);
}

/* Everybody who reaches the folder may connect: it is the folder's owner who sees to that. */
static int bind_in(int folder, int fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/" UNIX_CHANNEL_NAME, folder);
	return bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || fchmodat(folder, UNIX_CHANNEL_NAME, 0666, 0) < 0 ||
			       listen(fd, 1) < 0
		       ? -1
		       : 0;
}

int unix_channel_listen(struct unix_channel *c, struct loop *l, const char *folder)
{
	AUTO_CLOSE int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (dir < 0 || fd < 0 || bind_in(dir, fd) < 0)
		return -1;
	c->watch = (struct watch){ .fd = fd, .ready = on_connection };
	if (loop_watch(l, &c->watch, EPOLLIN) < 0)
		return -1;
	c->folder = dir;
	c->open = true;
	c->peer = c->full = false;
	dir = fd = -1;
	return 0;
}

size_t unix_channel_send(struct unix_channel *c, const void *p, size_t n)
{
	const char *at = p;
	size_t sent = 0;

	while (sent < n) {
		ssize_t r = send(c->watch.fd, at + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			break; /* EAGAIN: writable is called; other errors: ended is */
		sent += (size_t)r;
	}
	if (c->full != (sent < n)) {
		c->full = sent < n;
		loop_change(&c->watch, EPOLLIN | (c->full ? EPOLLOUT : 0));
	}
	return sent;
}

void unix_channel_drain(struct unix_channel *c)
{
	for (int i = 0; i < DRAIN_MOST && c->open && c->peer && receive(c); i++)
		;
}

void unix_channel_close(struct unix_channel *c)
{
	if (!c->open)
		return;
	if (!c->peer) {
		unlinkat(c->folder, UNIX_CHANNEL_NAME, 0);
		close_ptr(&c->folder);
	}
	loop_unwatch(&c->watch);
	close_ptr(&c->watch.fd);
	c->watch.fd = -1;
	c->open = c->peer = false;
}
