/* program_output.c - what the program writes, on its way to the outbox (program_output.h) */
#include "init/program_output.h"

#include "base/fd.h"
#include "base/limit.h"

#include <errno.h>
#include <unistd.h>

enum {
	PIECE_MAX = 1024,  /* bytes; a smaller read counts as a piece */
	PIECE_US = 4000,   /* pieces may always come as fast as one in that time */
	PIECES_FREE = 200, /* pieces that may come faster before the output is gathered */
	GATHER_US = 1000,
	GATHER_MOST_US = 16 * GATHER_US,
	GATHER_FEW = 8 << 10,	/* bytes; a wait that brings fewer is doubled */
	GATHER_MANY = 32 << 10, /* bytes; half a pipe: a longer wait would keep the program from writing */
	BATCH = 32 << 10,	/* bytes read from a pipe at once */
	BATCH_BOTH = 4 << 10,	/* the same while the other pipe has something too, to keep their order */
};

int output_reset(struct program_output *o, const struct output_config *c)
{
	uint64_t tail = c->stop || c->limit >= LIMIT_NONE ? 0 : c->limit / 4;

	if (tail > TAIL_MAX)
		tail = TAIL_MAX;
	for (size_t i = 0; i < 2; i++)
		o->pipe[i] = (struct output_pipe){ .fd = -1, .stream = c->stream[i] };
	o->npipes = c->pipes;
	o->head_max = c->limit - tail;
	o->stop = c->stop;
	o->over = false;
	o->look = c->phrases;
	o->phrases = (struct phrases){ .found = { false } };
	o->sent = o->dropped = 0;
	o->pieces = o->piece_at = o->gather_until = o->gather_us = 0;
	o->gathered = 0;
	return tail_reset(&o->tail, tail);
}

void output_close(struct program_output *o)
{
	for (size_t i = 0; i < 2; i++)
		close_ptr(&o->pipe[i].fd);
	o->gather_until = 0;
}

static void drop(struct program_output *o, struct output_pipe *p, uint64_t n)
{
	p->gap += n;
	o->dropped += n;
}

static void drop_of_stream(void *arg, enum frame_stream stream, size_t n)
{
	struct program_output *o = arg;

	drop(o, &o->pipe[o->npipes > 1 && o->pipe[1].stream == stream], n);
}

static void keep_tail(struct program_output *o, struct output_pipe *p, const unsigned char *data, size_t n)
{
	size_t more = n > o->tail.cap ? n - o->tail.cap : 0;

	tail_add(&o->tail, p->stream, data + more, n - more, drop_of_stream, o);
	drop(o, p, more);
}

static void keep(struct program_output *o, struct output_pipe *p, const unsigned char *data, size_t n,
		 struct outbox *out)
{
	size_t live = n;

	p->bytes += n;
	if (o->look)
		phrases_read(&o->phrases, data, n);
	if (o->sent + n > o->head_max)
		live = (size_t)(o->head_max - o->sent);
	if (live)
		outbox_output(out, p->stream, data, live);
	o->sent += live;
	if (live == n)
		return;
	if (o->stop) {
		drop(o, p, n - live);
		o->over = true;
	} else {
		keep_tail(o, p, data + live, n - live);
	}
}

/* Each wait is as long as what the one before it brought suggests; the first one is the shortest. */
static void gather(struct program_output *o, int64_t now)
{
	if (!o->gather_us || o->gathered > GATHER_MANY)
		o->gather_us = GATHER_US;
	else if (o->gathered < GATHER_FEW && o->gather_us < GATHER_MOST_US)
		o->gather_us *= 2;
	o->gathered = 0;
	o->gather_until = o->piece_at = now + o->gather_us;
}

/* A program that writes each line by itself, without end, would wake init for each of them, which
 * costs the program ten times as much as the writing itself; and on its way to the runner each
 * costs those who run beside it. So its first pieces are read as they come, and so are pieces that
 * come slowly; beyond that, what it writes within some milliseconds is read together. */
static void count_piece(struct program_output *o, size_t n, int64_t now)
{
	o->gathered += n;
	if (n >= PIECE_MAX || now < o->gather_until) /* the latter: the other pipe's part of the last wait */
		return;
	o->pieces -= (now - o->piece_at) / PIECE_US;
	if (o->pieces <= 0)
		o->pieces = o->gather_us = 0;
	o->piece_at = now;
	if (++o->pieces <= PIECES_FREE)
		return;
	o->pieces = PIECES_FREE;
	gather(o, now);
}

bool output_read(struct program_output *o, size_t i, bool both, struct outbox *out, int64_t now)
{
	struct output_pipe *p = &o->pipe[i];
	unsigned char data[BATCH];
	ssize_t n = p->fd < 0 ? 0 : read(p->fd, data, both ? BATCH_BOTH : BATCH);

	if (n > 0) {
		keep(o, p, data, (size_t)n, out);
		count_piece(o, (size_t)n, now);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_ptr(&p->fd);
	return false;
}

bool output_send_tail(struct program_output *o, struct outbox *out)
{
	const unsigned char *p;
	enum frame_stream s;
	size_t n;

	for (size_t i = 0; i < o->npipes; i++) {
		outbox_gap(out, o->pipe[i].stream, o->pipe[i].gap);
		o->pipe[i].gap = 0;
	}
	while (outbox_room(out) && (n = tail_take(&o->tail, FRAME_MAX, &s, &p)) > 0)
		outbox_frame(out, FRAME_OUT, s, p, n);
	return !o->tail.rlen;
}
