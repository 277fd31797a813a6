/* attach.c - the attached stream of one container: frames to its init and from it
 *
 * This file makes no decisions: it passes received frames to the callbacks and queued bytes to the engine.
 */
#include "engine/attach.h"
#include "base/buf.h"
#include "engine/engine.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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

static int queue(struct attach *a, enum frame_type type, const void *data, size_t len)
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

/* A job that is sent without one of its frames would run as another job, or wait for ever for its input. */
int attach_send(struct attach *a, enum frame_type type, const void *data, size_t len)
{
	if (!a->no_memory && queue(a, type, data, len) < 0)
		a->no_memory = true;
	return a->no_memory ? -1 : 0;
}

void attach_flush(struct attach *a)
{
	if (a->engine)
		a->engine->ops->attach_flush(a);
}

void attach_close(struct attach *a)
{
	if (a->engine)
		a->engine->ops->attach_close(a);
	a->engine = NULL;
	buf_release(&a->out);
	a->out_sent = 0;
}

/* ---- for engine implementations ---------------------------------------------------------------- */

void attach_fail(struct attach *a, const char *reason)
{
	attach_close(a);
	a->closed(a->arg, reason);
}

void attach_output(struct attach *a, const unsigned char *data, size_t len)
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
	buf_release(&a->out);
	a->out_sent = 0;
}
