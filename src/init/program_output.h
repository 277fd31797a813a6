/* program_output.h - what the program writes, on its way to the outbox
 *
 * Up to the limit of output less its last quarter (at most TAIL_MAX) is sent as it is read;
 * later output goes to the tail, whose last part is sent when the program has ended. The output
 * between them is dropped, and a GAP gives its size. With stop, the program is to be killed
 * instead when the limit is met.
 */
#ifndef CEE_INIT_PROGRAM_OUTPUT_H
#define CEE_INIT_PROGRAM_OUTPUT_H

#include "init/outbox.h"
#include "init/phrases.h"
#include "init/tail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output_pipe {
	int fd; /* non-blocking, -1 closed or none; owned */
	enum frame_stream stream;
	uint64_t bytes; /* written by the program */
	uint64_t gap;	/* of them dropped, and not yet reported */
};

struct output_config {
	enum frame_stream stream[2];
	size_t pipes;	/* 1 or 2 */
	uint64_t limit; /* bytes of both; LIMIT_NONE none */
	bool stop;
	bool phrases; /* look for a compiler's words */
};

struct program_output {
	struct output_pipe pipe[2];
	size_t npipes;
	uint64_t head_max;
	bool stop, over; /* over: the limit was met and stop is set */
	uint64_t sent, dropped;
	int64_t pieces, piece_at; /* see count_piece */
	int64_t gather_until;	  /* the pipes are left alone until then; 0 no */
	int64_t gather_us;	  /* how long they were left alone last; 0: not yet */
	uint64_t gathered;	  /* bytes read since the last wait began */
	struct tail tail;
	bool look;
	struct phrases phrases;
};

/* -1: no memory. */
int output_reset(struct program_output *o, const struct output_config *c);
void output_close(struct program_output *o);
/* Reads once from pipe i, a small batch where both have something. false: nothing there now;
 * when the program is gone also: all of it has been read. now: CLOCK_MONOTONIC. */
bool output_read(struct program_output *o, size_t i, bool both, struct outbox *out, int64_t now);
/* After the last read: the gaps, then the tail, as far as the outbox has room. true: all of it. */
bool output_send_tail(struct program_output *o, struct outbox *out);

#endif
