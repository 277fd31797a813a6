/* attach.c - the attached stream of one container: frames to its init and from it
 *
 * This file makes no decisions: it passes received frames to the callbacks and queued bytes to the engine.
 */
#include "engine/attach.h"
#include "base/buf.h"
#include "base/loop.h"
#include "engine/engine.h"
#include "engine/unix_channel.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { PATIENCE_US = 1000000 };

int attach_start(struct attach *a, struct engine *en, const char *container)
{
	frame_parser_init(&a->parser);
	a->out = (struct buf){ 0 };
	a->out_sent = 0;
	a->no_memory = false;
	a->stream = NULL;
	a->engine = en;
	if (en->ops->attach(en, a, container) == 0)
		return 0;
	a->engine = NULL;
	return -1;
}

static int add_frames(struct buf *out, enum frame_type type, const void *data, size_t len)
{
	const char *p = data;
	unsigned char head[FRAME_HEADER];

	do {
		size_t n = len < FRAME_MAX ? len : FRAME_MAX;

		frame_header(head, type, STREAM_NONE, n);
		if (buf_add(out, head, sizeof(head)) < 0 || (n && buf_add(out, p, n) < 0))
			return -1;
		p += n;
		len -= n;
	} while (len);
	return 0;
}

/* A job that is sent without one of its frames would run as another job, or wait for ever for its input. */
int attach_send(struct attach *a, enum frame_type type, const void *data, size_t len)
{
	if (!a->no_memory && add_frames(a->channel.peer ? &a->channel_out : &a->out, type, data, len) < 0)
		a->no_memory = true;
	return a->no_memory ? -1 : 0;
}

static void reset(struct buf *out, size_t *sent)
{
	buf_release(out);
	*sent = 0;
}

static void flush_channel(struct attach *a)
{
	const struct buf *out = &a->channel_out;

	a->channel_sent += unix_channel_send(&a->channel, out->data + a->channel_sent, out->len - a->channel_sent);
	if (a->channel_sent == out->len)
		reset(&a->channel_out, &a->channel_sent);
}

void attach_flush(struct attach *a)
{
	if (a->engine && a->channel.peer && !a->no_memory)
		flush_channel(a);
	else if (a->engine)
		a->engine->ops->attach_flush(a);
}

void attach_close(struct attach *a)
{
	if (a->channel.open)
		loop_timer(&a->patience, 0);
	unix_channel_close(&a->channel);
	if (a->engine)
		a->engine->ops->attach_close(a);
	a->engine = NULL;
	reset(&a->out, &a->out_sent);
	reset(&a->channel_out, &a->channel_sent);
}

static void take_frames(struct attach *a, const unsigned char *data, size_t len)
{
	size_t used;
	struct frame f;

	while (len && a->engine) {
		int r = frame_feed(&a->parser, data, len, &used, &f);

		if (r < 0) {
			attach_fail(a, "cee-init sent a malformed frame");
			return;
		}
		data += used;
		len -= used;
		if (r > 0)
			a->frame(a->arg, &f);
	}
}

/* ---- the socket beside the stream ---------------------------------------------------------------- */

static void channel_connected(void *arg)
{
	struct attach *a = arg;

	frame_parser_init(&a->parser);
	a->connected(a->arg);
}

static void channel_bytes(void *arg, const unsigned char *p, size_t n)
{
	take_frames(arg, p, n);
}

/* init has ended. The stream, which ends by itself, may still bring why. */
static void channel_ended(void *arg)
{
	loop_after(&((struct attach *)arg)->patience, PATIENCE_US);
}

static void out_of_patience(struct timer *t)
{
	attach_fail((struct attach *)((char *)t - offsetof(struct attach, patience)), NULL);
}

static void channel_writable(void *arg)
{
	attach_flush(arg);
}

int attach_listen(struct attach *a, struct loop *l, const char *folder)
{
	a->channel = (struct unix_channel){ .connected = channel_connected,
					    .bytes = channel_bytes,
					    .writable = channel_writable,
					    .ended = channel_ended,
					    .arg = a };
	timer_init(&a->patience, l, out_of_patience);
	return unix_channel_listen(&a->channel, l, folder);
}

/* ---- for engine implementations ---------------------------------------------------------------- */

void attach_fail(struct attach *a, const char *reason)
{
	attach_close(a);
	a->closed(a->arg, reason);
}

/* What init sent on its socket before its end is there by now, if it was init that ended. */
void attach_ended(struct attach *a, const char *reason)
{
	unix_channel_drain(&a->channel);
	if (a->engine)
		attach_fail(a, reason);
}

void attach_output(struct attach *a, const unsigned char *data, size_t len)
{
	if (a->channel.peer)
		attach_fail(a, "cee-init sent frames on its stream beside its socket");
	else
		take_frames(a, data, len);
}

void attach_error_text(struct attach *a, const unsigned char *data, size_t len)
{
	char line[256];
	size_t n = len < sizeof(line) - 1 ? len : sizeof(line) - 1;

	memcpy(line, data, n);
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	a->message(a->arg, line);
}

void attach_sent(struct attach *a, size_t n)
{
	a->out_sent += n;
	if (a->out_sent < a->out.len)
		return;
	reset(&a->out, &a->out_sent);
}
