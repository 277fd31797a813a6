/* index.h - the file `index` of an attempt */
#ifndef CEE_SPOOL_INDEX_H
#define CEE_SPOOL_INDEX_H

#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A line a record: "TIME LETTER LENGTH\n": TIME in microseconds since the epoch,
 * LETTER o (stdout), e (stderr), c (the compiler's, in the file stderr), or O, E, C:
 * LENGTH bytes of that stream are missing here; or p, b, r: packages are being fetched, the compiler
 * begins, the program begins (LENGTH 0). A line without its newline is incomplete and ignored. */

enum index_mark { MARK_NONE, MARK_PACKAGES, MARK_COMPILING, MARK_RUNNING, MARK_COUNT };
struct index_record {
	int64_t time_us;
	enum frame_stream stream; /* STREAM_NONE: the record marks the beginning of a phase */
	bool gap;
	uint64_t len;
	enum index_mark mark;
};
enum { INDEX_LINE_MAX = 48 };
int index_format(char out[INDEX_LINE_MAX], const struct index_record *r); /* length */
/* 1: a record of *used bytes was parsed; 0: the line is incomplete; -1 EPROTO. */
int index_parse(const char *bytes, size_t len, size_t *used, struct index_record *r);

#endif
