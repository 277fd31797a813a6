/* compiler.h - compile boxes: resident compilers (src/wire/resident.h), kept from job to job */
#ifndef RUNNER_COMPILER_H
#define RUNNER_COMPILER_H

#include "base/buf.h"
#include "base/limit.h"
#include "job/job.h"
#include "job/language.h"
#include "runner/core/config.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct boxes;
void compiler_init(const struct config *c, struct boxes *bs);
/* Compile boxes of the old configuration go, those at work when they are through. */
void compiler_reconfigure(const struct config *c);
/* Begins to keep compile boxes (resident = ahead), or goes on after the engine's absence. */
void compiler_refill(void);
/* The engine went, or the runner ends. Compiles under way are told. */
void compiler_drain(void);

/* What is to be compiled, and who is told; all of it must stay until the compile has
 * ended or is forgotten. */
struct compile_order {
	const struct lang *lang;
	const struct job *job;
	const struct limits *limits; /* of the compile phase */
	const char *owner;
	bool shares; /* the owner's compiles may follow one another in a box */
	/* Once, from the loop. end is an END of the compile phase (frame.h), checked; NULL: no
	 * answer, take the plain way. The callee frees the compile, now or later. */
	void (*done)(void *arg, const struct frame *end);
	void *arg;
};

/* One job's compile. */
struct compile {
	struct compile_order order;
	struct compiler *box;	 /* at work on it, or NULL */
	struct compile *next;	 /* in the queue */
	int64_t begun, patience; /* mono_us */
	/* the answer */
	struct buf words; /* diagnostics; at gap_at gap bytes are missing */
	size_t gap_at;
	uint64_t gap;
	struct job_file *product;
	size_t nproducts, product_bytes;
	bool first; /* of its compile box */
};

/* Whether this language has a resident compiler that could take a compile with these limits. */
bool compiler_suits(const struct lang *lang, const struct limits *limits);
/* Gives the compile to a compile box, or lets it wait a little for one that is about to be
 * free. NULL: there is none to be had soon. One is then on its way for those who come later. */
struct compile *compile_begin(const struct compile_order *o);
/* Done with, or not wanted any more: then its compile box goes. NULL is let through. */
void compile_free(struct compile *c);
#endif
