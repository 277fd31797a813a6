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
	unsigned char data[OUTBOX_MAX];
};

void outbox_frame(struct outbox *o, enum frame_type type, enum frame_stream stream, const void *p, size_t len);
void outbox_payload(struct outbox *o, enum frame_type type, const struct payload *p);
void outbox_number(struct outbox *o, enum frame_type type, uint32_t number);
void outbox_gap(struct outbox *o, enum frame_stream stream, uint64_t bytes); /* nothing for 0 */
bool outbox_room(const struct outbox *o);
/* Writes what fd takes now. -1 and errno: the runner is gone. */
int outbox_flush(struct outbox *o);

#endif
