/* verdict.h - turns cee-init's report of a phase into a result */
#ifndef RUNNER_VERDICT_H
#define RUNNER_VERDICT_H

#include "base/limit.h"
#include "job/reasons.h"
#include "job/result.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>

#define COMPILER_OUTPUT "the compiler's output is on stderr"

/* A phase's FRAME_END, written into r; does nothing if the frame is invalid. */
bool verdict_end(struct result *r, const struct frame *f, enum frame_phase *phase); /* false: invalid */
void verdict_ended(struct result *r, const struct frame_end *e);		    /* its phase and how are valid */
/* The same, into p (except its limits) and why; false if the frame is invalid. */
bool verdict_phase(const struct frame *f, enum frame_phase *phase, struct result_phase *p, enum reason *why);
bool verdict_program_failed(const struct result_phase *p); /* an exit code other than 0, or a signal */
/* One line for users: the limit and the phase that it was exceeded in, and other remarks. "": none. */
void verdict_explain(const struct result *r, char *text, size_t size);
#endif
