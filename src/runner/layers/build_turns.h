/* build_turns.h - which owner's layer is built next */
#ifndef RUNNER_BUILD_TURNS_H
#define RUNNER_BUILD_TURNS_H

#include "runner/layers/layer_build.h"

#include <stdint.h>

/* The build in the list to begin next, or NULL. places: how many may be at work at once. */
struct layer_build *build_turns_next(struct layer_build *list, int places);
/* The build has begun: its owner's other builds move behind those of all other owners. turn: higher than any before. */
void build_turns_begun(struct layer_build *list, const struct layer_build *begun, uint64_t turn);
#endif
