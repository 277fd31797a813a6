/* program_pipes.h - the three descriptors of a program, and init's ends of them */
#ifndef CEE_INIT_PROGRAM_PIPES_H
#define CEE_INIT_PROGRAM_PIPES_H

#include <stdbool.h>
#include <stddef.h>

struct program_pipes { /* init's ends, non-blocking, -1 none; the caller owns them */
	int input;
	int output[2];
	int tty; /* the program's side of its terminal, held so that it never hangs up */
};

struct tty_size {
	unsigned short rows, columns; /* 0: unchanged */
};

/* Both fill theirs with the program's stdin, stdout and stderr, which the caller closes. -1 and
 * errno; the caller then closes what there is (-1 where nothing is). */

/* input: a pipe, else /dev/null. outputs: 1 for both streams together, or 2. */
int program_pipes(struct program_pipes *p, bool input, size_t outputs, int theirs[3]);
/* One terminal for all three; what it shows is read from output[0]. */
int program_tty(struct program_pipes *p, const struct tty_size *size, int theirs[3]);
/* Takes effect at once; the kernel tells the program with SIGWINCH. */
void program_tty_resize(int tty, const struct tty_size *size);

#endif
