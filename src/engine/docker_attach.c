/* docker_attach.c - attached streams of a Docker Engine
 *
 * POST /containers/ID/attach with an upgrade (Engine API, "Attach to a container"): after the head of the
 * answer the connection is the container's standard input one way and its multiplexed output the other.
 * libcurl keeps reading after an upgrade, so this file makes its own connection.
 */
#include "engine/docker_attach.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/unix_socket.h"
#include "engine/attach.h"
#include "engine/docker.h"
#include "engine/docker_json.h"
#include "engine/engine.h"
#include "engine/http_parse.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 65536, REFUSAL_MAX = 2048 };

struct docker_stream {
	struct watch watch;
	struct attach *attach; /* NULL: closed */
	bool refused;	       /* the answer is an error */
	bool open;	       /* the head of the answer was received */
	struct http_head head;
	struct buf refusal; /* the beginning of the body of an answer that is no stream */
	struct mux mux;
};

/* ---- the connection ------------------------------------------------------------ */

static int connect_tcp(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *ai;
	char bare[256];
	int fd = -1;

	/* brackets as in "[::1]" are for URLs only */
	if (address[0] == '[')
		snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(address + 1, "]"), address + 1);
	else
		snprintf(bare, sizeof(bare), "%s", address);
	if (getaddrinfo(bare, port, &hints, &ai) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	for (struct addrinfo *a = ai; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(ai);
	return fd;
}

/* ---- received data ------------------------------------------------------------------- */

static void take_stream(struct docker_stream *s, const unsigned char *p, size_t len)
{
	const unsigned char *data;
	size_t used, n;

	while (len && s->attach) {
		int r = mux_feed(&s->mux, p, len, &used, &data, &n);

		if (r < 0) {
			attach_fail(s->attach, "malformed stream from the engine");
			return;
		}
		p += used;
		len -= used;
		if (r > 0 && s->mux.stream == 2)
			attach_error_text(s->attach, data, n);
		else if (r > 0)
			attach_output(s->attach, data, n);
	}
}

/* The engine says why in the body; it ends with its connection, or with its JSON. */
static void take_refusal(struct docker_stream *s, const unsigned char *p, size_t len)
{
	char why[360], text[400];
	const char *said, *end;

	buf_add(&s->refusal, p, len < REFUSAL_MAX ? len : REFUSAL_MAX);
	if (len && s->refusal.len < REFUSAL_MAX && !memchr(s->refusal.data, '}', s->refusal.len))
		return;
	said = s->refusal.data ? memchr(s->refusal.data, '{', s->refusal.len) : NULL; /* after a chunk's length */
	end = said ? memrchr(said, '}', s->refusal.len - (size_t)(said - s->refusal.data)) : NULL;
	docker_message(why, sizeof(why), end ? said : "", end ? (size_t)(end - said) + 1 : 0);
	snprintf(text, sizeof(text), "the engine refused the attach%s%s", *why ? ": " : "", why);
	attach_fail(s->attach, text);
}

static void take(struct docker_stream *s, const unsigned char *p, size_t len)
{
	size_t used;
	int r;

	if (s->refused) {
		take_refusal(s, p, len);
		return;
	}
	if (!s->open) {
		r = http_head_feed(&s->head, p, len, &used);
		if (r == 0)
			return;
		if (r < 0) {
			attach_fail(s->attach, "the engine refused the attach");
			return;
		}
		s->refused = s->head.status != 101 && s->head.status != 200;
		if (s->refused) {
			if (len > used)
				take_refusal(s, p + used, len - used);
			return;
		}
		p += used;
		len -= used;
		s->open = true;
		s->attach->opened(s->attach->arg);
	}
	take_stream(s, p, len);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct docker_stream *s = (struct docker_stream *)((char *)w - offsetof(struct docker_stream, watch));
	unsigned char bytes[READ_SIZE];
	ssize_t n;

	if (events & EPOLLOUT)
		docker_attach_flush(s->attach);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = recv(w->fd, bytes, sizeof(bytes), 0);
	if (n > 0)
		take(s, bytes, (size_t)n);
	else if (n == 0 && s->refused)
		take_refusal(s, bytes, 0);
	else if (n == 0)
		attach_ended(s->attach, s->attach->no_memory ? "out of memory" : NULL);
	else if (errno != EAGAIN && errno != EINTR)
		attach_ended(s->attach, strerror(errno));
}

/* ---- operations ---------------------------------------------------------------------- */

int docker_attach(struct engine *en, struct attach *a, const char *container)
{
	const struct docker *d = (const struct docker *)en;
	struct docker_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	http_head_init(&s->head);
	mux_init(&s->mux);
	s->attach = a;
	s->watch.ready = on_ready;
	s->watch.fd = d->socket_path ? unix_connect(d->socket_path, SOCK_NONBLOCK) : connect_tcp(d->address, d->port);
	if (s->watch.fd >= 0 &&
	    buf_printf(&a->out,
		       "POST /v%s/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
		       "Host: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
		       engine_api(en), container) == 0 &&
	    loop_watch(en->loop, &s->watch, EPOLLIN | EPOLLOUT) == 0) {
		a->stream = s;
		return 0;
	}
	if (s->watch.fd >= 0)
		close(s->watch.fd);
	free(s);
	buf_release(&a->out);
	return -1;
}

void docker_attach_flush(struct attach *a)
{
	struct docker_stream *s = a->stream;

	if (a->no_memory) { /* its end is read by on_ready, not in the middle of what the caller does */
		shutdown(s->watch.fd, SHUT_RDWR);
		return;
	}
	while (a->out_sent < a->out.len) {
		ssize_t n = send(s->watch.fd, a->out.data + a->out_sent, a->out.len - a->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* EAGAIN: EPOLLOUT calls again; other errors: the reading side reports them */
		attach_sent(a, (size_t)n);
	}
	loop_change(&s->watch, EPOLLIN | (a->out.len ? EPOLLOUT : 0));
}

void docker_attach_close(struct attach *a)
{
	struct docker_stream *s = a->stream;

	loop_unwatch(&s->watch);
	close_ptr(&s->watch.fd);
	s->watch.fd = -1;
	s->attach = NULL;
	a->stream = NULL;
	buf_release(&s->refusal);
	loop_doom(a->engine->loop, free, s); /* this may be called from the stream's own handler */
}
