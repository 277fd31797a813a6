/* event_items.h - what a job's log holds, as events: output, phases, tests, reruns
 *
 * A record of the index is an event, as the program wrote it. A character that is not whole is held until the
 * rest of it comes, or the end; invalid UTF-8 is base64. What the reader has got before (the cursor) is passed
 * over by counting, since the files of an attempt only grow.
 */
#ifndef CEE_HTTP_EVENT_ITEMS_H
#define CEE_HTTP_EVENT_ITEMS_H

#include "http/cursor.h"
#include "http/event_writer.h"
#include "spool/follow.h"
#include "wire/frame_types.h"

#include <stddef.h>
#include <stdint.h>

struct held_bytes {
	char bytes[4];
	size_t n;
	enum frame_stream stream;
};
struct event_items {
	struct event_writer *v;
	struct cursor seen; /* what was read of this attempt, known to the reader or not */
	struct held_bytes out, err;
	int64_t tests; /* of the job; 0 not known yet */
};
/* For follow_step; arg is a struct event_items. */
int event_items_take(void *arg, const struct follow_item *it);
/* At the end: bytes of characters that will not become whole. */
void event_items_end(struct event_items *t);

#endif
