/* outbox.h - frames on their way to the runner
 *
 * The buffer is bounded: data that may wait (the program's output, collected files) is only added
 * while outbox_room allows it; the rest of the buffer is reserved for frames that cannot wait.
 * When even that is full, overflow is set and the frame is lost: the peer does not read, and init
 * gives up.
 */
#ifndef CEE_INIT_OUTBOX_H
#define CEE_INIT_OUTBOX_H

#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OUTBOX_SOFT = 256 << 10,
	OUTBOX_MAX = OUTBOX_SOFT + (512 << 10),
};

struct outbox {
	int fd; /* non-blocking */
	bool overflow;
	size_t start, len;
	size_t output; /* bytes of the last frame, if more output may be added to it; 0: it may not */
	bool half;     /* its output ends within a line */
	unsigned char data[OUTBOX_MAX];
};

void outbox_frame(struct outbox *o, enum frame_type type, enum frame_stream stream, const void *p, size_t len);
/* A program's output. What is added to a stream before the frame of the last piece is written becomes a part of it. */
void outbox_output(struct outbox *o, enum frame_stream stream, const void *p, size_t len);
/* The last frame is a short piece of output without its line's end, which is probably on its way: many programs write
 * the text and the newline apart. */
bool outbox_half_line(const struct outbox *o);
void outbox_payload(struct outbox *o, enum frame_type type, const struct payload *p);
void outbox_number(struct outbox *o, enum frame_type type, uint32_t number);
void outbox_gap(struct outbox *o, enum frame_stream stream, uint64_t bytes); /* nothing for 0 */
bool outbox_room(const struct outbox *o);
/* Writes what fd takes now. -1 and errno: the runner is gone. */
int outbox_flush(struct outbox *o);

#endif
