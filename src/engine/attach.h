/* attach.h - the attached stream of one container: frames to its init and from it
 *
 * The bytes go through the engine (engine.h), frames are made and read here. Fill in the callbacks, then
 * attach_start. After closed, and after attach_close, no callback is called any more, and attach_start may
 * be called again.
 *
 * Where init can reach a socket of this process (attach_listen), it connects before it sends or reads anything, and all
 * frames go there from then on, which costs the engine nothing: a round trip takes 0.06 ms instead of 0.5. The stream
 * stays: the container lives as long as it does, and it brings what init writes on standard error.
 */
#ifndef ENGINE_ATTACH_H
#define ENGINE_ATTACH_H

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/unix_channel.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>

struct attach {
	void (*opened)(void *arg);
	void (*connected)(void *arg); /* init came to the socket; whatever was sent before is not read. Or NULL */
	void (*frame)(void *arg, const struct frame *f);
	void (*message)(void *arg, const char *line); /* that init, or the engine, wrote on standard error */
	void (*closed)(
		void *arg,
		const char *reason); /* called once, when the stream is already closed. reason NULL: end of stream */
	void *arg;
	struct engine *engine; /* NULL: no stream */
	struct buf out;	       /* not yet sent on the stream, from out_sent on */
	size_t out_sent;
	bool no_memory; /* a frame could not be queued: nothing after it is sent, and the stream ends */
	struct frame_parser parser;
	void *stream; /* owned by the engine implementation */
	struct unix_channel channel;
	struct buf channel_out; /* not yet sent there, from channel_sent on */
	size_t channel_sent;
	struct timer patience; /* the channel has ended, the stream not yet */
};

/* Before attach_start: init may come to a socket in this folder. -1 and errno: it is not to be told of it. */
int attach_listen(struct attach *a, struct loop *l, const char *folder);

/* Asks the engine for the stream; opened is called when the stream is open. -1 and errno: nothing was started. */
int attach_start(struct attach *a, struct engine *en, const char *container);
/* Queues one frame, which is sent by the next attach_flush or when the socket has room. len may exceed FRAME_MAX
 * only for FRAME_DATA and FRAME_STDIN, which are cut into pieces. -1 ENOMEM: then the stream is of no use, and the
 * next attach_flush ends it, so that closed is called later; a caller need not look. */
int attach_send(struct attach *a, enum frame_type type, const void *data, size_t len);
void attach_flush(struct attach *a);
/* Closes the stream without calling closed; does nothing if there is no stream. */
void attach_close(struct attach *a);

/* For engine implementations, to report: bytes of the container's standard output; text of its standard error; that n
 * bytes of out were sent; that the stream is of no use (attach_fail), or that no more comes from it (attach_ended; reason
 * NULL: its end). Any of the callbacks may close the stream: look at a->engine. */
void attach_output(struct attach *a, const unsigned char *data, size_t len);
void attach_error_text(struct attach *a, const unsigned char *data, size_t len);
void attach_sent(struct attach *a, size_t n);
void attach_fail(struct attach *a, const char *reason);
void attach_ended(struct attach *a, const char *reason);
#endif
