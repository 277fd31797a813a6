/* request_frames.h - the frames that go to a compile box */
#ifndef RUNNER_REQUEST_FRAMES_H
#define RUNNER_REQUEST_FRAMES_H

#include "base/buf.h"
#include "base/limit.h"
#include "engine/attach.h"
#include "job/language.h"
#include "runner/compile/compile.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends the frames of one compile (src/wire/resident.h). -1: out of memory, or an argument that is too long. */
int request_frames_add(struct buf *out, uint32_t number, const struct compile_request *r);
/* Sends the one job of a compile box, the resident compiler, to cee-init. -1 ENOMEM. */
int request_frames_start(struct attach *a, const struct lang *l, const struct limits *limits, bool cells);
#endif
