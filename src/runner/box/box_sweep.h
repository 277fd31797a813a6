/* box_sweep.h - removes boxes left behind by a dead runner or by an engine that was away */
#ifndef RUNNER_BOX_SWEEP_H
#define RUNNER_BOX_SWEEP_H

#include "runner/box/boxes.h"

/* Removes every container with the labels of this spool and that runner, except the boxes in bs. done(arg, 0) when
 * none is left, done(arg, -1) when the engine failed; possibly before this returns. */
void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *arg, int result), void *arg);
/* Asks for the removal of the containers of this spool (by the label of its site) whose runners, this one apart, do not
 * live: the engine made them when their runner had ended and no directory of the spool had its name any more. Until
 * bs->forgotten.asked is 0 that has not ended, and another call does nothing. */
void boxes_sweep_forgotten(struct boxes *bs, bool (*lives)(void *arg, const char *runner), void *arg);
#endif
