/* lines.h - reading lines of any length from a descriptor
 *
 *     struct lines l = { .fd = fd, .max = 4096 };
 *     while ((r = lines_next(&l, &line, &len)) != 0)
 *             ...
 *     lines_release(&l);
 */
#ifndef CEE_CLI_LINES_H
#define CEE_CLI_LINES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct lines {
	int fd;
	size_t max;    /* bytes of a line */
	bool nul;      /* a NUL ends a line, not a newline */
	bool counting; /* read at most `reads` times, then EAGAIN */
	int reads;
	/* private to lines.c */
	struct buf b;
	size_t at, scanned;
	bool end, skip;
};
/* Reads a line into *line, without its newline, NUL-terminated, valid until the next call: 1; 0 at the end; -1: EFBIG
 * (the line was longer than max and is skipped), EAGAIN, or an errno of read. */
int lines_next(struct lines *l, char **line, size_t *len);
void lines_release(struct lines *l);

#endif
