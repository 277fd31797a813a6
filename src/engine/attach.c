/* attach.c - the attached stream of one box
 *
 * POST /containers/ID/attach with an upgrade (Engine API, "Attach to a
 * container"): after the head of the answer the connection is the box's
 * standard input one way and its multiplexed output the other. libcurl keeps
 * reading after an upgrade, so this connection is ours.
 *
 * Nothing here decides anything: frames go up, bytes go out.
 */
#include "engine/attach.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "engine/http_parse.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


enum { READ_SIZE = 65536 };

static void fail(struct attach *a, const char *reason)
{
	attach_close(a);
	a->closed(a->arg, reason);
}

void attach_flush(struct attach *a)
{
	if (a->watch.fd < 0)
		return;
	while (a->out_sent < a->out.len) {
		ssize_t n = send(a->watch.fd, a->out.data + a->out_sent, a->out.len - a->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* EAGAIN: EPOLLOUT calls again; else the reading side tells */
		a->out_sent += (size_t)n;
	}
	if (a->out_sent == a->out.len) {
		buf_release(&a->out);
		a->out_sent = 0;
	}
	loop_change(&a->watch, EPOLLIN | (a->out.len ? EPOLLOUT : 0));
}

static void take_frames(struct attach *a, const unsigned char *data, size_t len)
{
	size_t used;
	struct frame f;

	while (len && a->watch.fd >= 0) {
		int r = frame_feed(&a->parser, data, len, &used, &f);

		if (r < 0) {
			fail(a, "cee-init sent something that is no frame");
			return;
		}
		data += used;
		len -= used;
		if (r > 0)
			a->frame(a->arg, &f);
	}
}

static void take_words(struct attach *a, const unsigned char *data, size_t len)
{
	char text[256];
	size_t n = len < sizeof(text) - 1 ? len : sizeof(text) - 1;

	memcpy(text, data, n);
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	a->words(a->arg, text);
}

static void take_stream(struct attach *a, const unsigned char *p, size_t len)
{
	const unsigned char *data;
	size_t used, n;

	while (len && a->watch.fd >= 0) {
		int r = mux_feed(&a->mux, p, len, &used, &data, &n);

		if (r < 0) {
			fail(a, "the engine's stream is not framed as expected");
			return;
		}
		p += used;
		len -= used;
		if (r > 0 && a->mux.stream == 2)
			take_words(a, data, n);
		else if (r > 0)
			take_frames(a, data, n);
	}
}

static void take(struct attach *a, const unsigned char *p, size_t len)
{
	size_t used;
	int r;

	if (!a->open) {
		r = http_head_feed(&a->head, p, len, &used);
		if (r == 0)
			return;
		if (r < 0 || (a->head.status != 101 && a->head.status != 200)) {
			fail(a, "the engine refused the attach");
			return;
		}
		p += used;
		len -= used;
		a->open = true;
		a->opened(a->arg);
	}
	take_stream(a, p, len);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct attach *a = (struct attach *)((char *)w - offsetof(struct attach, watch));
	unsigned char bytes[READ_SIZE];
	ssize_t n;

	if (events & EPOLLOUT)
		attach_flush(a);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = recv(w->fd, bytes, sizeof(bytes), 0);
	if (n > 0)
		take(a, bytes, (size_t)n);
	else if (n == 0)
		fail(a, "end of the attached stream");
	else if (errno != EAGAIN && errno != EINTR)
		fail(a, strerror(errno));
}

int attach_start(struct attach *a, struct engine *en, const char *container)
{
	http_head_init(&a->head);
	mux_init(&a->mux);
	frame_parser_init(&a->parser);
	a->open = false;
	a->out = (struct buf){ 0 };
	a->out_sent = 0;
	a->watch.ready = on_ready;
	a->watch.fd = engine_connect(en);
	if (a->watch.fd < 0)
		return -1;
	if (buf_printf(&a->out,
		       "POST /v%s/containers/%s/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
		       "Host: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
		       engine_api(en), container) < 0 ||
	    loop_watch(en->loop, &a->watch, EPOLLIN | EPOLLOUT) < 0) {
		attach_close(a);
		return -1;
	}
	return 0;
}

int attach_send(struct attach *a, enum frame_type type, const void *data, size_t len)
{
	const char *p = data;
	unsigned char head[FRAME_HEADER];

	do {
		size_t n = len < FRAME_MAX ? len : FRAME_MAX;

		frame_header(head, type, STREAM_NONE, n);
		if (buf_add(&a->out, head, sizeof(head)) < 0 || (n && buf_add(&a->out, p, n) < 0))
			return -1;
		p += n;
		len -= n;
	} while (len);
	return 0;
}

void attach_close(struct attach *a)
{
	if (a->watch.fd >= 0) {
		loop_unwatch(&a->watch);
		close_ptr(&a->watch.fd);
		a->watch.fd = -1;
	}
	buf_release(&a->out);
	a->out_sent = 0;
}
