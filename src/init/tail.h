/* tail.h - the last part of a program's output, kept until its end
 *
 * A ring of bytes with a record for each run of bytes of one stream, so that both streams
 * come out in the order in which they were written.
 */
#ifndef CEE_INIT_TAIL_H
#define CEE_INIT_TAIL_H

#include "wire/frame.h"

#include <stddef.h>
#include <stdint.h>

enum { TAIL_MAX = 8 << 20 };

struct tail_record {
	uint32_t stream : 2, len : 30;
};

struct tail {
	unsigned char *data; /* TAIL_MAX bytes, used only as far as they are needed */
	struct tail_record *rec;
	size_t cap, start, len; /* bytes */
	size_t rstart, rlen;	/* records */
	size_t touched;		/* bytes of memory it has taken */
};

/* Empties the tail, frees its memory, and sets its size (0 to TAIL_MAX). -1: no memory. */
int tail_reset(struct tail *t, size_t cap);
/* Adds n bytes (at most cap) and calls drop for each run of older bytes that was discarded. */
void tail_add(struct tail *t, enum frame_stream stream, const unsigned char *p, size_t n,
	      void (*drop)(void *arg, enum frame_stream stream, size_t n), void *arg);
/* Takes the oldest bytes, of one stream and contiguous, at most max; returns their number, 0 if
 * none. They are removed from the tail and stay valid until the next call. */
size_t tail_take(struct tail *t, size_t max, enum frame_stream *stream, const unsigned char **p);
void tail_release(struct tail *t);

#endif
