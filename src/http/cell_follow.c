/* cell_follow.c - waiting for a cell of a session while its reader listens (cell_follow.h) */
#include "http/cell_follow.h"

#include <poll.h>

enum cell_how cell_follow(struct cell_reader *r, struct reader *reader, const struct cell_follower *f, void *arg,
			  struct cee_err *e)
{
	enum cell_how how;

	while ((how = cell_step(r, f->take, arg, e)) == CELL_RUNS && !reader->gone) {
		struct pollfd fds[READER_FDS];
		int ms;

		if (f->flush)
			f->flush(arg);
		ms = reader_beat_ms(reader);
		reader_fds(reader, fds);
		if (ms > 0 && cell_wait(r, ms, fds, READER_FDS) == 2)
			reader_polled(reader, fds);
		if (!reader->gone && reader_beat_ms(reader) == 0)
			f->beat(arg);
	}
	return how;
}
