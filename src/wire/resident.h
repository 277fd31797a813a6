/* resident.h - the protocol between cee-runner and a resident compiler
 *
 * A resident compiler is a program that stays: it has loaded itself and its libraries,
 * has compiled something already, and serves one compile after another. It runs in a box
 * of its own (a compile box) as the run phase of one long job, so cee-init needs to know
 * nothing of it. Its standard input and output are what is described here; the runner
 * carries them in STDIN and OUT frames of the outer protocol (frame.h). Its standard error
 * is logged.
 *
 * The frames are those of frame.h, header and shapes, so that frame.c reads them; only
 * these are used, and they mean:
 *
 * The compiler, once, when it is warm:
 *     READY   u32 RESIDENT_VERSION, text: what compiler it is
 * The runner, for each compile:
 *     PHASE   u32 number of the compile (rising), LIMIT_COUNT u64: the limits in force, in the
 *             order of limit.h; 0 or more than INT64_MAX is none
 *     (FILE DATA*)*   the job's files
 *     ARG+    what the language file's resident.arguments became: an argument that is the name
 *             of one of the files is a source; the others are options, and no user's
 *     GO
 * The compiler, for each compile:
 *     OUT* with at most one GAP between     its diagnostics, stream STREAM_COMPILE, as the
 *             compiler prints them, with names from the job's folder on; beyond LIMIT_OUTPUT
 *             the end of the first part and the beginning of the last are left out
 *     (FILE DATA*)*   the products, which the run box gets beside the job's files
 *     END     as in frame.h, END_PHASE being the number of the compile. END_HOW is END_EXITED
 *             with END_STATUS 0 (there are products) or another (there are none), or
 *             END_CPU_LIMIT or END_MEMORY_LIMIT; after those two it exits.
 *  or TROUBLE text: it cannot do this one as the plain way would; it is ready for the next.
 *
 * The runner sends the next PHASE only after END or TROUBLE. Everything that the compiler
 * says is a stranger's: a user's program went through it. The runner bounds names, sizes
 * and counts, measures the time itself, and takes figures only within what is possible. What
 * breaks a rule ends the compile box; the job then takes the plain way, the language's
 * compile command in the job's own box.
 */
#ifndef CEE_RESIDENT_H
#define CEE_RESIDENT_H

#include "wire/frame.h"

enum {
	RESIDENT_VERSION = 1,
	RESIDENT_PRODUCTS = 64,	  /* files at most ... */
	RESIDENT_BYTES = 64 << 20 /* ... and bytes in all of them */
};

#endif
