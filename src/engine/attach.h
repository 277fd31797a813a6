/* attach.h - the attached stream of one box, in both directions */
#ifndef RUNNER_ATTACH_H
#define RUNNER_ATTACH_H

#include "base/buf.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "engine/http_parse.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>


struct attach {
	struct watch watch;
	struct buf out; /* not yet sent, from out_sent on */
	size_t out_sent;
	bool open; /* the head of the answer has come */
	struct http_head head;
	struct mux mux;
	/* frames from init; a line that init or the engine wrote on standard error */
	void (*opened)(void *arg);
	void (*frame)(void *arg, const struct frame *f);
	void (*words)(void *arg, const char *text);
	void (*closed)(void *arg, const char *reason); /* once; the descriptor is already gone */
	void *arg;
	struct frame_parser parser;
};

/* Connects and sends the request. -1 and errno: nothing was begun. */
int attach_start(struct attach *a, struct engine *en, const char *container);
/* Queues one frame; it goes out as the socket takes it. len may exceed FRAME_MAX only for
 * FRAME_DATA and FRAME_STDIN, which are cut into pieces. -1 ENOMEM. */
int attach_send(struct attach *a, enum frame_type type, const void *data, size_t len);
void attach_flush(struct attach *a);
/* Closes without calling closed. */
void attach_close(struct attach *a);
#endif
