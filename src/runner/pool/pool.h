/* pool.h - boxes that wait for a job: made ahead, or kept for their owner */
#ifndef RUNNER_POOL_H
#define RUNNER_POOL_H

#include "base/limit.h"
#include "job/language.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/core/config.h"

#include <stdbool.h>
#include <stddef.h>

void pool_init(const struct config *c, struct boxes *bs);
/* Boxes of the old configuration go; those with a job end with it. */
void pool_reconfigure(const struct config *c);

/* The box that a job of lang with these limits in force needs, where it compiles itself or
 * not. spec->image is lang's. */
void pool_spec(struct box_spec *spec, const struct lang *lang, const struct limits limits[PHASE_COUNT], bool compiles);
/* Whether the owner's jobs may follow one another in a box. */
bool pool_shares(const char *owner);
/* An idle box, one on its way, or a new one; the caller is its user from now on (box_use, or
 * the callbacks set) and looks at its state: READY takes the job at once. NULL: out of memory. */
struct box *pool_take(const struct box_spec *spec, const char *owner, enum box_from *from);
/* Its user's job has ended with DONE and the user has let go: kept for its owner, or removed. */
void pool_give(struct box *b);
/* Its user wants it no more and never sent it a job. */
void pool_unused(struct box *b);
/* Makes boxes ahead as far as they are wanted. waiting: jobs in the queue; places: of them
 * could begin now. */
void pool_refill(size_t waiting, int places);
/* The engine went, or the runner ends: no idle box stays. */
void pool_drain(void);
int pool_idle(void);
#endif
