/* attempt_read.h - reading an attempt's output and collected files
 *
 * For readers of any job, running or ended; follow.h is for reading it as it grows.
 */
#ifndef CEE_SPOOL_ATTEMPT_READ_H
#define CEE_SPOOL_ATTEMPT_READ_H

#include "base/error.h"
#include "spool/collected.h"
#include "spool/spool.h"

#include <stddef.h>
#include <stdint.h>

enum spool_output { SPOOL_STDOUT, SPOOL_STDERR /* and the compiler's output */ };
/* A gap in an output: so many bytes are missing after the first `at` bytes of the file. */
struct output_gap {
	int64_t at;
	uint64_t missing;
};
struct output_extent {
	int64_t size; /* number of valid bytes: those that the index covers */
	struct output_gap *gap;
	size_t ngaps;
};
void output_extent_release(struct output_extent *x);
/* Opens an output; the caller closes the descriptor and releases *x. -1: ENOENT the attempt has not begun,
 * EPROTO it is not a regular file, ENOMEM. */
int spool_open_output(struct spool *s, const char *owner, const char *id, int attempt, enum spool_output output,
		      struct output_extent *x);
/* Opens standard output for a reader that begins at its present end, *size: bytes beyond what the index covers may be
 * among what it reads. -1 as spool_open_output. */
int spool_open_tail(struct spool *s, const char *owner, const char *id, int attempt, int64_t *size);
/* Opens the collected files: returns the descriptor of their contents, for the caller to close, and in *l the
 * position of each file (files_release). -1 and e: EPROTO the index is damaged. */
int spool_open_files(struct spool *s, const char *owner, const char *id, int attempt, struct files_list *l,
		     struct cee_err *e);

#endif
