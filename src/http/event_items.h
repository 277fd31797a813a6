/* event_items.h - what a job's log holds, as events: output, phases, tests, reruns
 *
 * A record of the index is an event, as the program wrote it. An incomplete character is held
 * until its rest arrives, or the end; invalid UTF-8 is sent as base64. Items that the reader
 * already has (by its cursor) are skipped by counting, since the files of an attempt only grow.
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
	struct cursor seen; /* what was read of this attempt, whether the reader has it or not */
	struct held_bytes out, err;
	int64_t tests; /* of the job; 0 not known yet */
};
/* For follow_step; arg is a struct event_items. */
int event_items_take(void *arg, const struct follow_item *it);
/* Call at the end: sends the bytes of characters that stayed incomplete. */
void event_items_end(struct event_items *t);

#endif
