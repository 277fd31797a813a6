/* frame.c - packing and parsing of the frames of frame.h
 *
 * Linked by cee-init, so it needs nothing but libc. It does no I/O and no
 * allocation. Everything that can be said of a frame without knowing what came
 * before is checked here: the header's zeros, the type, where a stream is
 * named, the payload's length, and that a text holds no NUL. Who may send which
 * frame when is for the two ends.
 */
#include "wire/frame.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FRAME_BROKEN = FRAME_HEADER + FRAME_MAX + 1 }; /* in have: nothing is understood any more */

struct shape {
	bool known, stream; /* stream: one is named, otherwise none */
	size_t text;	    /* from here on no NUL; 0 no such rule */
	bool whole_text;    /* the payload is text from its start */
	size_t min, max;    /* of the payload */
};

static const struct shape shapes[] = {
	[FRAME_HELLO] = { .known = true, .text = 8, .min = 8, .max = 8 + 256 },
	[FRAME_JOB] = { .known = true, .min = 8 * JOB_FIELDS, .max = 8 * JOB_FIELDS },
	[FRAME_FILE] = { .known = true, .text = 12, .min = 13, .max = 12 + 4096 },
	[FRAME_DATA] = { .known = true, .max = FRAME_MAX },
	[FRAME_PHASE] = { .known = true, .min = 4, .max = 4 + 8 * 64 },
	[FRAME_ARG] = { .known = true, .whole_text = true, .max = FRAME_MAX },
	[FRAME_ENV] = { .known = true, .whole_text = true, .min = 2, .max = FRAME_MAX },
	[FRAME_GO] = { .known = true },
	[FRAME_STDIN] = { .known = true, .max = FRAME_MAX },
	[FRAME_STDIN_END] = { .known = true },
	[FRAME_SIGNAL] = { .known = true, .min = 4, .max = 4 },
	[FRAME_KILL] = { .known = true },
	[FRAME_COLLECT] = { .known = true, .whole_text = true, .min = 1, .max = 4096 },
	[FRAME_WINDOW] = { .known = true, .min = 8, .max = 8 },
	[FRAME_TEST] = { .known = true, .min = 4, .max = 4 },
	[FRAME_FINISH] = { .known = true },
	[FRAME_READY] = { .known = true, .max = FRAME_MAX },
	[FRAME_START] = { .known = true, .min = 4, .max = 4 },
	[FRAME_OUT] = { .known = true, .stream = true, .max = FRAME_MAX },
	[FRAME_GAP] = { .known = true, .stream = true, .min = 8, .max = 8 },
	[FRAME_END] = { .known = true, .min = 8 * END_FIELDS, .max = 8 * END_FIELDS },
	[FRAME_DONE] = { .known = true, .min = 4, .max = 4 },
	[FRAME_CREDIT] = { .known = true, .min = 4, .max = 4 },
	[FRAME_TROUBLE] = { .known = true, .max = FRAME_MAX },
	[FRAME_LEFT] = { .known = true, .min = 4, .max = 4 + 4096 },
	[FRAME_NEXT] = { .known = true },
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

	if (s->whole_text)
		return !memchr(data, 0, len);
	return s->text == 0 || !memchr(data + s->text, 0, len - s->text);
}

/* Fills the buffer up to goal; true when it is there. */
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

int frame_feed(struct frame_parser *p, const void *bytes, size_t len, size_t *used, struct frame *f)
{
	const unsigned char *b = bytes;
	size_t left = len, size;

	*used = 0;
	if (p->have == FRAME_BROKEN)
		return broken(p);
	/* the frame that the last call gave out is done with */
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
	f->type = (enum frame_type)p->buf[0];
	f->stream = (enum frame_stream)p->buf[1];
	f->data = p->buf + FRAME_HEADER;
	f->len = size;
	return 1;
}
