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
	unsigned generation; /* of the configuration: boxes of another are not kept */
	size_t waiting_jobs; /* as pool_refill says */
	int free_places;
	struct timer pace;  /* until another may be made ahead */
	int64_t paced_from; /* a box was made ahead, or a job took one */
};

/* elsewhere NULL: nothing is. */
void pool_init(struct pool *p, struct boxes *boxes, const struct config *c, pool_elsewhere *elsewhere, const void *arg);
void pool_release(struct pool *p); /* drains it */
/* Boxes of the old configuration go; those with a job end with it. */
void pool_reconfigure(struct pool *p, const struct config *c);

/* The box that a job of lang with these effective limits needs; compiles: it compiles itself. spec->image is
 * lang's. */
void pool_spec(const struct pool *p, struct box_spec *spec, const struct lang *lang,
	       const struct limits limits[PHASE_COUNT], bool compiles);
/* Whether the owner's jobs may follow one another in a box. */
bool pool_shares(const struct pool *p, const char *owner);
/* An idle box, one on its way, or a new one; the caller is its user from now on (box_use) and looks at its state:
 * READY takes the job at once. NULL: out of memory. */
struct box *pool_take(struct pool *p, const struct box_spec *spec, const char *owner, enum box_from *from);
/* Its user's job has ended with DONE and the user has let go: kept for its owner, or removed. */
void pool_give(struct pool *p, struct box *b);
/* Its user does not want it any more and never sent it a job. */
void pool_unused(struct pool *p, struct box *b);
/* Makes boxes ahead as far as they are wanted. waiting: jobs in the queue; places: of them
 * could begin now. */
void pool_refill(struct pool *p, size_t waiting, int places);
/* The engine went away, or the runner ends: no idle box stays. */
void pool_drain(struct pool *p);
#endif
