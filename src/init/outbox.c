/* outbox.c - a bounded buffer of frames, written as the runner reads (outbox.h) */
#include "init/outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HALF_MAX = 1024 };

int outbox_flush(struct outbox *o)
{
	while (o->len) {
		ssize_t n = write(o->fd, o->data + o->start, o->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		o->start += (size_t)n;
		o->len -= (size_t)n;
	}
	o->start = 0;
	return 0;
}

void outbox_frame(struct outbox *o, enum frame_type type, enum frame_stream stream, const void *p, size_t len)
{
	unsigned char *at;

	if (o->len + FRAME_HEADER + len > OUTBOX_MAX) {
		o->overflow = true;
		return;
	}
	if (o->start + o->len + FRAME_HEADER + len > OUTBOX_MAX) {
		memmove(o->data, o->data + o->start, o->len);
		o->start = 0;
	}
	at = o->data + o->start + o->len;
	frame_header(at, type, stream, len);
	if (len)
		memcpy(at + FRAME_HEADER, p, len);
	o->len += FRAME_HEADER + len;
	o->output = 0;
}

void outbox_output(struct outbox *o, enum frame_stream stream, const void *p, size_t len)
{
	unsigned char *last = o->data + o->start + o->len - o->output;
	size_t old = o->output ? o->output - FRAME_HEADER : 0;
	/* none of it is written yet, not even its header */
	bool more = old && o->output <= o->len && last[1] == stream && old + len <= FRAME_MAX &&
		    o->start + o->len + len <= OUTBOX_MAX;

	if (more) {
		memcpy(last + o->output, p, len);
		frame_header(last, FRAME_OUT, stream, old + len);
		o->len += len;
	} else {
		outbox_frame(o, FRAME_OUT, stream, p, len);
		old = 0;
	}
	o->output = FRAME_HEADER + old + len;
	o->half = len && ((const unsigned char *)p)[len - 1] != '\n';
}

bool outbox_half_line(const struct outbox *o)
{
	return o->output && o->output <= o->len && o->half && o->output < HALF_MAX;
}

void outbox_payload(struct outbox *o, enum frame_type type, const struct payload *p)
{
	outbox_frame(o, type, STREAM_NONE, p->data, p->len);
}

void outbox_number(struct outbox *o, enum frame_type type, uint32_t number)
{
	struct payload p;

	frame_pack_number(&p, number);
	outbox_payload(o, type, &p);
}

void outbox_gap(struct outbox *o, enum frame_stream stream, uint64_t bytes)
{
	struct payload p;

	if (!bytes)
		return;
	frame_pack_gap(&p, bytes);
	outbox_frame(o, FRAME_GAP, stream, p.data, p.len);
}

bool outbox_room(const struct outbox *o)
{
	return o->len < OUTBOX_SOFT;
}
