/* compile.h - one compile in a resident compiler: the request, and the part of the answer received so far
 *
 * compile_new, then its compiler's frames as they arrive, then compile_answer once, then
 * compile_release. Each function that takes a frame returns NULL, or the rule that the compiler broke; the
 * compile is then to be answered with NULL.
 */
#ifndef RUNNER_COMPILE_H
#define RUNNER_COMPILE_H

#include "base/buf.h"
#include "base/limit.h"
#include "base/loop.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/language.h"
#include "runner/compile/compiler.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything in it must remain valid until the compile has been answered or forgotten. */
struct compile_request {
	const struct lang *lang;
	const struct job *job;
	const struct limits *limits; /* limits of the compile phase */
	const char *owner;
	bool shares; /* compiles of the same owner may share a box, one after another */
	/* Called once, from the loop. end: the end of the compile phase, with figures within its limits; NULL: no
	 * answer, so compile in the job's own box. The callee must call compilers_forget, at once or later. */
	void (*done)(void *arg, const struct frame_end *end);
	void *arg;
};

struct compile {
	struct compile_request request;
	struct compiler *compiler; /* the compiler that works on it, or NULL */
	struct compile *next;	   /* the next one in the list of waiting compiles */
	const struct loop *loop;   /* the two times below are of this loop */
	int64_t begun;
	int64_t patience;  /* when it stops waiting for a compile box */
	bool first;	   /* the first compile of its compile box */
	struct buf output; /* diagnostics; gap bytes are missing at gap_at */
	size_t gap_at;
	uint64_t gap;
	struct job_file *product; /* output files */
	size_t nproducts, product_bytes;
	size_t missing; /* bytes of the last product that are still missing */
};

/* NULL ENOMEM. */
struct compile *compile_new(const struct loop *loop, const struct compile_request *request);
void compile_release(struct compile *c);
/* Reports the end (NULL as in compile_request, which also discards the products). */
void compile_answer(struct compile *c, const struct frame_end *end);

const char *compile_take_output(struct compile *c, const struct frame *f);
const char *compile_take_gap(struct compile *c, const struct frame *f);
const char *compile_take_file(struct compile *c, const struct frame *f);
const char *compile_take_data(struct compile *c, const struct frame *f);
/* Checks that END agrees with the products received. */
const char *compile_check_end(const struct compile *c, const struct frame_end *end);

/* Caps the figures at possible values: times by the time measured here, memory by that of the compile box (bytes). */
void compile_plausible(const struct compile *c, int64_t memory, struct frame_end *end);
/* Whether the compile has used up its wall time; if so, compile_time_end gives its END, and it has no products. */
bool compile_over_time(const struct compile *c);
void compile_time_end(struct compile *c, int64_t memory, struct frame_end *end);
#endif
