/* pool.h - boxes that wait for a job: made ahead, or kept for their owner
 *
 * pool_init once; pool_take gives a box to a user, which hands it back by pool_give (its job has ended well),
 * pool_unused (it never had one) or removes it. The boxes and the configuration must outlive the pool. Everything
 * happens in the loop's thread.
 */
#ifndef RUNNER_POOL_H
#define RUNNER_POOL_H

#include "base/limit.h"
#include "base/loop.h"
#include "job/language.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/core/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether programs of this language with these limits of the compile phase are compiled in another box. */
typedef bool pool_elsewhere(const void *arg, const struct lang *lang, const struct limits *limits);

struct pool {
	struct boxes *boxes;
	pool_elsewhere *elsewhere;
	const void *arg;
	const struct config *config;
	struct pool_entry *entries; /* the shapes made ahead, one a language */
	size_t nentries;
	unsigned generation; /* the present configuration: boxes of others are not kept */
	size_t waiting_jobs; /* as passed to pool_refill */
	int free_places;
	struct timer pace;  /* fires when another box may be made ahead */
	int64_t paced_from; /* loop_now when a box was last made ahead, or taken by a job */
};

/* elsewhere NULL: nothing is compiled in another box. */
void pool_init(struct pool *p, struct boxes *boxes, const struct config *c, pool_elsewhere *elsewhere, const void *arg);
void pool_release(struct pool *p); /* also drains the pool */
/* Removes boxes of the old configuration; those with a job when it has ended. */
void pool_reconfigure(struct pool *p, const struct config *c);

/* The box that a job of lang with these effective limits needs; compiles: the job is compiled in this box.
 * spec->image is borrowed from lang. */
void pool_spec(const struct pool *p, struct box_spec *spec, const struct lang *lang,
	       const struct limits limits[PHASE_COUNT], bool compiles);
/* Whether the owner's jobs may run one after another in the same box. */
bool pool_shares(const struct pool *p, const char *owner);
/* Returns an idle box, one that is being made, or a new one. The caller becomes its user (box_use) and must check its
 * state: a READY box takes the job at once. NULL: out of memory. */
struct box *pool_take(struct pool *p, const struct box_spec *spec, const char *owner, enum box_from *from);
/* Returns a box after its user's job has ended with DONE: the pool keeps it for its owner, or removes it. */
void pool_give(struct pool *p, struct box *b);
/* Returns a box that its user never sent a job. */
void pool_unused(struct pool *p, struct box *b);
/* Makes boxes ahead as needed. waiting: jobs in the queue; places: how many of them could begin now. */
void pool_refill(struct pool *p, size_t waiting, int places);
/* For when the engine is away, or the runner ends: removes all idle boxes. */
void pool_drain(struct pool *p);
#endif
