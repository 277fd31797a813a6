/* resident.h - the protocol between cee-runner and a resident compiler
 *
 * A resident compiler is a program that keeps running: it has loaded itself and its libraries,
 * has compiled something already, and serves one compile after another. It runs in a box
 * of its own (a compile box) as the run phase of one long job, so cee-init needs to know
 * nothing about it. Its standard input and output carry the frames described here; the runner
 * wraps them in STDIN and OUT frames of the outer protocol (frame.h). Its standard error
 * is logged.
 *
 * The frames are those of frame.h, and frame.c and payload.c read them. Only these are used:
 *
 * The compiler, once, when it is warm:
 *     READY   u32 RESIDENT_VERSION, text: the compiler's name and version
 * The runner, for each compile:
 *     PHASE   u32 number of the compile (rising), LIMIT_COUNT u64: the limits in force, in the
 *             order of limit.h; INT64_MAX or more is none
 *     (FILE DATA*)*   the job's files
 *     ARG+    what the language file's resident.arguments became: an argument that is the name
 *             of one of the files is a source; the others are options, none of them a user's
 *     GO
 * The compiler, for each compile:
 *     OUT* with at most one GAP in between    its diagnostics, stream STREAM_COMPILE, as the
 *             compiler prints them, with names relative to the job's folder; beyond LIMIT_OUTPUT
 *             the end of the first part and the beginning of the last are left out
 *     (FILE DATA*)*   the output files, which the run box gets beside the job's files
 *     END     as in frame.h, its phase being the number of the compile. how is END_EXITED
 *             with status 0 (there are output files) or another (there are none), or
 *             END_CPU_LIMIT or END_MEMORY_LIMIT; after those two it exits.
 *  or TROUBLE text: it cannot compile this as the language's compile command would; it is ready
 *     for the next one.
 *
 * The runner sends the next PHASE only after END or TROUBLE. Everything that the compiler
 * sends is untrusted: users' programs went through it. The runner bounds names, sizes
 * and counts, measures the time itself, and caps figures at what is possible. A broken rule
 * ends the compile box; the job is then compiled by the language's compile command in
 * its own box.
 */
#ifndef CEE_RESIDENT_H
#define CEE_RESIDENT_H

#include "wire/payload.h"

enum {
	RESIDENT_VERSION = 1,
	RESIDENT_PRODUCTS = 64,	  /* files at most ... */
	RESIDENT_BYTES = 64 << 20 /* ... and bytes in all of them */
};

struct resident_ready {
	uint32_t version; /* RESIDENT_VERSION */
	const char *compiler;
	size_t compiler_len;
};

/* As the functions of payload.h. A PHASE is packed with frame_pack_plan, an END with frame_pack_end. */
int resident_pack_ready(struct payload *p, const struct resident_ready *r);
bool resident_unpack_ready(const void *data, size_t len, struct resident_ready *r);
bool resident_unpack_plan(const void *data, size_t len, struct frame_plan *plan);
/* Reads only the END of the compile with that number, ended in one of the three ways above. */
bool resident_unpack_end(const void *data, size_t len, uint32_t number, struct frame_end *e);

#endif
