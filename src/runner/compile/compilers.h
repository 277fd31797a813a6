/* compilers.h - resident compilers in compile boxes, kept from job to job
 *
 * compilers_init once, then any of the others, compilers_release at the end. The boxes and the configuration must
 * outlive it. Everything happens in the loop's thread.
 */
#ifndef RUNNER_COMPILERS_H
#define RUNNER_COMPILERS_H

#include "base/limit.h"
#include "base/loop.h"
#include "job/language.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/compiler.h"
#include "runner/core/config.h"

#include <stdbool.h>

struct compilers {
	struct compiler_host host; /* with the boxes */
	const struct config *config;
	struct compiler_pools *pools; /* the pools of the present languages, then those of older configurations */
	struct compiler *first;
	struct compile *waiting; /* oldest first */
	struct timer look_ahead, patience;
	bool draining;
};

void compilers_init(struct compilers *cs, struct boxes *boxes, const struct config *c);
/* Ends the compile boxes as compilers_drain does. */
void compilers_release(struct compilers *cs);
/* Removes the compile boxes of the old configuration; busy ones when their compile has ended. */
void compilers_reconfigure(struct compilers *cs, const struct config *c);
/* Begins to keep compile boxes (resident = ahead), or goes on after compilers_drain. */
void compilers_refill(struct compilers *cs);
/* For when the engine is away, or the runner ends: removes all compile boxes. Compiles are answered with NULL. */
void compilers_drain(struct compilers *cs);

/* Whether this language has a resident compiler that could take a compile with these limits. */
bool compilers_suit(const struct compilers *cs, const struct lang *lang, const struct limits *limits);
/* Gives the compile to a compile box, or lets it wait a little for one that is about to be
 * free. NULL: no compile box will be free soon; one may be started for later requests. */
struct compile *compilers_compile(struct compilers *cs, const struct compile_request *request);
/* Releases a compile that has been answered or is no longer needed; in the second case its compile box is removed.
 * NULL is ignored. */
void compilers_forget(struct compilers *cs, struct compile *c);
#endif
