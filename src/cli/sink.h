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
/* -1: errno as write said. EINTR: nothing is lost, call sink_flush again. */
int sink_put(struct sink *k, const void *data, size_t len);
/* Of a sink that neutralises, the beginning of a character whose rest has not come stays behind. */
int sink_flush(struct sink *k);
/* Shows what never became a character as its bytes; the descriptor stays open. */
void sink_release(struct sink *k);

#endif
