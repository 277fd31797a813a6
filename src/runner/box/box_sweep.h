/* box_sweep.h - removes boxes left behind by a dead runner or by an engine that was away */
#ifndef RUNNER_BOX_SWEEP_H
#define RUNNER_BOX_SWEEP_H

#include "runner/box/boxes.h"

/* Removes every container with the labels of this spool and that runner, except the boxes in bs. done(arg, 0) when
 * none is left, done(arg, -1) when the engine failed; possibly before this returns. */
void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *arg, int result), void *arg);
#endif
