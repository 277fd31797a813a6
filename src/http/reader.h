/* reader.h - the reader of an answer: bytes go to it, and whether it has gone
 *
 * A web server tells a CGI program that the client has gone in one of three ways: a write fails, the pipe reports
 * an error, or SIGTERM comes. Code that waits before it answers polls reader_fds and writes a
 * beat (white space, a comment) every READER_BEAT_MS, since some servers notice no other way.
 */
#ifndef CEE_HTTP_READER_H
#define CEE_HTTP_READER_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	READER_BEAT_MS = 1000,
	READER_STALL_MS = 120000,
	READER_RATE = 4096, /* bytes a second that a reader takes at least */
	READER_LINGER_MS = 5000,
	READER_FDS = 2,
	READER_FILL_MAX = 65536
};

struct reader {
	int fd, signals;     /* standard output; a signalfd, -1 before reader_watch */
	bool gone;	     /* the reader has gone: nothing more is written */
	size_t fill;	     /* bytes of white space after which the server passes on what it got */
	int64_t written_us;  /* mono_us of the last write */
	int64_t patience_us; /* READER_STALL_MS */
	int64_t waited_us;   /* for room, without what was written since at READER_RATE; at most patience_us */
};
/* fill: CEE_HTTP_FILL of the server's configuration as text, or NULL. */
void reader_init(struct reader *r, const char *fill);
void reader_release(struct reader *r);
/* After the whole answer. Where the server speaks to us over one socket (Apache's mod_cgid), closing it with bytes
 * of the request unread would discard the answer: sends the answer's end, and then discards what still comes from
 * in, for READER_LINGER_MS at most. */
void reader_end(struct reader *r, int in);
/* From now on SIGTERM and SIGHUP do not end the process but mean that the reader has gone. */
void reader_watch(struct reader *r);
/* Waits while the reader is slow, and gives up when it took nothing for READER_STALL_MS, or less than READER_RATE for longer:
 * so a byte now and then does not hold the process. -1: it has gone. */
int reader_write(struct reader *r, const void *data, size_t len);
/* What to poll while waiting, and what poll found there. */
void reader_fds(const struct reader *r, struct pollfd fds[READER_FDS]);
void reader_polled(struct reader *r, const struct pollfd fds[READER_FDS]);
/* Milliseconds until the next beat is due, 0 now. */
int reader_beat_ms(const struct reader *r);

#endif
