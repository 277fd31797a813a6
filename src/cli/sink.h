/* sink.h - output in large pieces, without control sequences on a terminal
 *
 *     sink_init(&k, STDOUT_FILENO, false);
 *     sink_put(&k, data, len) ...
 *     sink_flush(&k);
 *     sink_release(&k);
 */
#ifndef CEE_CLI_SINK_H
#define CEE_CLI_SINK_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct sink {
	int fd;
	bool neutralise; /* control characters but newline and tab become ^X or \xNN */
	struct buf b;
};
/* raw: control sequences are written as they are, also to a terminal. */
void sink_init(struct sink *k, int fd, bool raw);
/* -1: errno of write. EINTR: nothing is lost, call sink_flush again. */
int sink_put(struct sink *k, const void *data, size_t len);
/* Writes all buffered bytes; a sink that neutralises keeps an incomplete character at the end. */
int sink_flush(struct sink *k);
/* Writes an incomplete character as \xNN; does not close the descriptor. */
void sink_release(struct sink *k);

#endif
