/* lines.c - reading lines of any length from a descriptor (lines.h) */
#include "cli/lines.h"
#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { LINES_BLOCK = 65536 };

/* Discards handled bytes and reads more. 1 some were read, 0 the end, -1 */
static int lines_fill(struct lines *l)
{
	char block[LINES_BLOCK];
	ssize_t n;

	if (l->at > 0) {
		memmove(l->b.data, l->b.data + l->at, l->b.len - l->at);
		l->b.len -= l->at;
		l->scanned -= l->at;
		l->at = 0;
	}
	do
		n = read(l->fd, block, sizeof block);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		l->end = n == 0;
		return (int)n;
	}
	return buf_add(&l->b, block, (size_t)n) < 0 ? -1 : 1;
}

static int too_long(struct lines *l)
{
	l->skip = false;
	errno = EFBIG;
	return -1;
}

/* The line that ends at `end`, where its newline or the end of input is. */
static int lines_take(struct lines *l, size_t end, char **line, size_t *len)
{
	*line = l->b.data + l->at;
	*len = end - l->at;
	l->at = l->scanned = end < l->b.len ? end + 1 : end;
	if (l->skip || *len > l->max)
		return too_long(l);
	l->b.data[end] = 0;
	return 1;
}

int lines_next(struct lines *l, char **line, size_t *len)
{
	for (;;) {
		char *nl = l->b.len > l->scanned
				   ? memchr(l->b.data + l->scanned, l->nul ? 0 : '\n', l->b.len - l->scanned)
				   : NULL;
		int r;

		if (nl)
			return lines_take(l, (size_t)(nl - l->b.data), line, len);
		l->scanned = l->b.len;
		if (l->b.len - l->at > l->max) { /* discard the line, but remember that it was too long */
			l->skip = true;
			l->at = l->scanned = l->b.len = 0;
		}
		if (!l->end && l->counting && l->reads-- <= 0) {
			l->reads = 0;
			errno = EAGAIN;
			return -1;
		}
		if (l->end || (r = lines_fill(l)) == 0) {
			if (l->b.len > l->at)
				return lines_take(l, l->b.len, line, len);
			return l->skip ? too_long(l) : 0;
		}
		if (r < 0)
			return -1;
	}
}

void lines_release(struct lines *l)
{
	buf_release(&l->b);
}
