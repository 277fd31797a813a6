/* program_input.h - STDIN frames on their way to the program
 *
 * The runner may send as many bytes as it has credit for, so that what is queued here is
 * bounded. The first credit is small; it grows to the full window when the program's pipe has
 * taken its first bytes.
 */
#ifndef CEE_INIT_PROGRAM_INPUT_H
#define CEE_INIT_PROGRAM_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STDIN_MAX = 256 << 10 }; /* credit and what is queued, together */

struct program_input {
	int fd;		/* non-blocking, -1 closed or none; owned */
	int tty;	/* the program's side of its terminal, or -1; not owned */
	bool ended;	/* STDIN_END has come */
	bool tty_ended; /* a terminal's end of file has been queued */
	size_t start, len;
	size_t window;	 /* bytes that may be queued and on their way */
	uint64_t credit; /* given and not used */
	unsigned char data[STDIN_MAX];
};

/* For a program that is going to start; its descriptor comes with input_open. Takes no bytes
 * until the first credit. */
void input_reset(struct program_input *in);
/* For a test whose bytes may come before it starts: the runner may send `credit` bytes without
 * further credit. */
void input_reset_early(struct program_input *in, size_t credit);
void input_open(struct program_input *in, int fd, int tty);
void input_close(struct program_input *in);

/* false: more than the credit allows (a protocol error). Bytes for a program that has closed its
 * input are discarded when discard is set. */
bool input_add(struct program_input *in, const void *p, size_t len, bool discard);
void input_write(struct program_input *in); /* writes as much as the program accepts now */
/* How much more may be sent now; counts as given. 0: send no credit now. */
uint32_t input_credit(struct program_input *in);

#endif
