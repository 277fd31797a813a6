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

enum spool_output { SPOOL_STDOUT, SPOOL_STDERR /* and what compilers said */ };
/* Where bytes of an output are missing: missing of them, behind the first at that are there. */
struct output_gap {
	int64_t at;
	uint64_t missing;
};
struct output_extent {
	int64_t size; /* how many of its bytes count: those that the index covers */
	struct output_gap *gap;
	size_t ngaps;
};
void output_extent_release(struct output_extent *x);
/* Opens an output; *x is the caller's to release, the descriptor too. -1: ENOENT the attempt has not begun,
 * EPROTO it is not a regular file, ENOMEM. */
int spool_open_output(struct spool *s, const char *owner, const char *id, int attempt, enum spool_output output,
		      struct output_extent *x);
/* The collected files: the descriptor of their contents, which is the caller's, and in *l where in it each lies
 * (files_release). -1 and e: EPROTO when the index is damaged. */
int spool_open_files(struct spool *s, const char *owner, const char *id, int attempt, struct files_list *l,
		     struct cee_err *e);

#endif
