/* box_sweep.h - removes the boxes that a dead runner, or the engine's absence, left */
#ifndef RUNNER_BOX_SWEEP_H
#define RUNNER_BOX_SWEEP_H

#include "runner/box/boxes.h"

/* Removes every container with the labels of this spool and that runner, but the boxes known here. done(arg, 0)
 * when none is left, done(arg, -1) when the engine failed; maybe before this returns. */
void boxes_sweep(struct boxes *bs, const char *runner, void (*done)(void *arg, int result), void *arg);
#endif
