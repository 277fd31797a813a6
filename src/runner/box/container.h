/* container.h - the container of a box: everything that locks it down */
#ifndef RUNNER_CONTAINER_H
#define RUNNER_CONTAINER_H

#include "engine/engine.h"
#include "runner/box/box.h"
#include "runner/box/boxes.h"

/* Asks the engine for the container of a box: done(arg) with its id. NULL ENOMEM. */
struct engine_call *container_create(struct boxes *bs, const struct box_spec *s, unsigned slot, engine_done *done,
				     void *arg);
#endif
