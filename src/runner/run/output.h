/* output.h - writes a job's output to stdout, stderr and index */
#ifndef RUNNER_OUTPUT_H
#define RUNNER_OUTPUT_H

#include "spool/attempt.h"
#include "spool/index.h"
#include "wire/frame_types.h"

#include <stdint.h>
#include <stddef.h>

struct output {
	int out, err, index; /* borrowed from the attempt */
	int64_t size[2];     /* of stdout and stderr, as far as the index covers them */
	int64_t index_size;
	uint64_t lost[4];	    /* by stream: bytes not yet recorded as a gap */
	enum index_mark mark, owed; /* the last phase event; one not yet recorded */
	int64_t lost_total;	    /* bytes dropped because the disk was full */
};
/* The attempt must have begun (spool_attempt_begin). */
void output_init(struct output *o, const struct spool_attempt *a);
/* Never fails: bytes that do not fit on the disk are counted as dropped. */
void output_add(struct output *o, enum frame_stream s, const void *data, size_t len);
/* n bytes of that stream are missing here. */
void output_gap(struct output *o, enum frame_stream s, uint64_t n);
/* Records what begins now; repeated calls have no effect. */
void output_mark(struct output *o, enum index_mark m);
/* Writes the pending records of the index. */
void output_end(struct output *o);
#endif
