/* frame.c - headers of frames, and the parser that takes frames in pieces
 *
 * cee-init links it, so it needs nothing but libc. It does no I/O and no
 * allocation. It checks what can be checked in one frame alone: the header's
 * zeros, the type, the stream, the payload's length, and that text has no NUL.
 * Who may send which frame when is checked by the two ends.
 */
#include "wire/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FRAME_BROKEN = FRAME_HEADER + FRAME_MAX + 1 }; /* have after an invalid frame: nothing more is read */

struct shape {
	bool known, stream; /* stream: the header names one */
	int text;	    /* the payload has no NUL from this byte on; -1 no such rule */
	size_t min, max;    /* of the payload */
};

static const struct shape shapes[] = {
#define F(id, number, stream, text, min, max) [FRAME_##id] = { true, stream, text, min, max },
	FRAMES(F)
#undef F
};

void frame_put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

void frame_put64(unsigned char *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

uint32_t frame_get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t frame_get64(const unsigned char *p)
{
	return (uint64_t)frame_get32(p) | (uint64_t)frame_get32(p + 4) << 32;
}

void frame_header(unsigned char out[FRAME_HEADER], enum frame_type type, enum frame_stream stream, size_t len)
{
	out[0] = (unsigned char)type;
	out[1] = (unsigned char)stream;
	out[2] = out[3] = 0;
	frame_put32(out + 4, (uint32_t)len);
}

void frame_parser_init(struct frame_parser *p)
{
	p->have = 0;
}

static const struct shape *shape_of(unsigned type)
{
	if (type >= sizeof shapes / sizeof shapes[0] || !shapes[type].known)
		return NULL;
	return &shapes[type];
}

static bool header_sound(const unsigned char *h)
{
	const struct shape *s = shape_of(h[0]);
	uint32_t len = frame_get32(h + 4);

	if (!s || h[2] || h[3] || len < s->min || len > s->max)
		return false;
	return s->stream ? h[1] >= STREAM_OUT && h[1] <= STREAM_COMPILE : h[1] == STREAM_NONE;
}

static bool payload_sound(const unsigned char *h, const unsigned char *data, size_t len)
{
	const struct shape *s = shape_of(h[0]);

	/* analyzer: header_sound has found the shape */
	return s->text < 0 || len <= (size_t)s->text || !memchr(data + s->text, 0, len - (size_t)s->text);
}

/* Fills the buffer up to goal; true if it has that many bytes. */
static bool take(struct frame_parser *p, size_t goal, const unsigned char **bytes, size_t *left)
{
	size_t n = goal - p->have;

	if (n > *left)
		n = *left;
	if (n > 0) {
		memcpy(p->buf + p->have, *bytes, n);
		p->have += n;
		*bytes += n;
		*left -= n;
	}
	return p->have == goal;
}

static int broken(struct frame_parser *p)
{
	p->have = FRAME_BROKEN;
	errno = EPROTO;
	return -1;
}

/* The frame at h. */
static struct frame frame_of(const unsigned char *h)
{
	return (struct frame){ .type = (enum frame_type)h[0],
			       .stream = (enum frame_stream)h[1],
			       .data = h + FRAME_HEADER,
			       .len = frame_get32(h + 4) };
}

int frame_feed(struct frame_parser *p, const void *bytes, size_t len, size_t *used, struct frame *f)
{
	const unsigned char *b = bytes;
	size_t left = len, size;

	*used = 0;
	if (p->have == FRAME_BROKEN)
		return broken(p);
	/* the last call's frame is no longer used */
	if (p->have >= FRAME_HEADER && p->have == FRAME_HEADER + (size_t)frame_get32(p->buf + 4))
		p->have = 0;
	if (p->have < FRAME_HEADER) {
		if (!take(p, FRAME_HEADER, &b, &left)) {
			*used = len;
			return 0;
		}
		if (!header_sound(p->buf))
			return broken(p);
	}
	size = frame_get32(p->buf + 4);
	if (!take(p, FRAME_HEADER + size, &b, &left)) {
		*used = len;
		return 0;
	}
	*used = len - left;
	if (!payload_sound(p->buf, p->buf + FRAME_HEADER, size))
		return broken(p);
	*f = frame_of(p->buf);
	return 1;
}

size_t frame_at(const void *bytes, size_t len, struct frame *f)
{
	const unsigned char *b = bytes;

	if (len < FRAME_HEADER || !header_sound(b) || frame_get32(b + 4) > len - FRAME_HEADER ||
	    !payload_sound(b, b + FRAME_HEADER, frame_get32(b + 4))) {
		errno = EPROTO;
		return 0;
	}
	*f = frame_of(b);
	return FRAME_HEADER + f->len;
}
