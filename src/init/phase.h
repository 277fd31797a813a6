/* phase.h - one program of a job, from START to END
 *
 * The session starts it (phase_start), passes on what happens (bytes for stdin, events of the
 * executor, time), and when the state is PHASE_OVER gets the verdict (phase_close) and sends the
 * END (phase_send_end). A phase does not use the session.
 */
#ifndef CEE_INIT_PHASE_H
#define CEE_INIT_PHASE_H

#include "init/executor.h"
#include "init/gauge.h"
#include "init/outbox.h"
#include "init/phase_limits.h"
#include "init/program_input.h"
#include "init/program_output.h"
#include "init/program_pipes.h"

#include <stdbool.h>
#include <stdint.h>

enum phase_state {
	PHASE_OVER,	/* no program, and everything of the last one is in the outbox */
	PHASE_STARTING, /* START is out; the executor has the order */
	PHASE_RUNNING,
	PHASE_KILLED,	/* the kill was ordered; the program's end has not been reported */
	PHASE_DRAINING, /* the program has ended; its pipes are being read to their end */
	PHASE_FLUSHING, /* the tail of its output is being sent */
	PHASE_STATES
};

struct phase {
	enum phase_state state;
	uint32_t id;		     /* enum frame_phase */
	int reason;		     /* enum frame_how for which it was killed, or NO_REASON */
	int64_t started_us, kill_by; /* 0: not yet, none */
	int tty;		     /* the program's side of its terminal, or -1 */
	struct phase_limits limits;
	struct program_input input;
	struct program_output output;
	struct ended ended;
	/* not owned by the phase */
	struct outbox *out;
	const struct gauge *gauge;
	struct executor *x;
};

struct phase_plan { /* the session's settings for a phase */
	uint32_t id;
	struct executor *x;
	const uint64_t *limit; /* LIMIT_COUNT; stays valid until the END */
	uint64_t flags;	       /* JOB_* */
	uint32_t cpu;	       /* 1 + the processor, 0 any */
	struct tty_size size;
	bool job_cgroup;     /* see struct phase_limits */
	bool early_input;    /* its stdin may have arrived already (input_reset_early) */
	uint64_t own_shared; /* see phase_limits_begin */
};

void phase_init(struct phase *p, struct outbox *out, const struct gauge *g);
/* Prepares the figures for the END of a phase that is not going to run. -1 and text. */
int phase_prepare(struct phase *p, const struct phase_plan *plan, char *text);
/* Sends START and gives the order. -1 and text: call phase_abort. */
int phase_start(struct phase *p, const struct phase_plan *plan, char *text);
/* Once; ENDED follows. reason: enum frame_how. Nothing when there is no program to kill. */
void phase_kill(struct phase *p, int reason);
void phase_started(struct phase *p, int64_t at);
void phase_ended(struct phase *p, const struct ended *e);
/* The program's cell or box has died, and the program with it. */
void phase_lost(struct phase *p, const struct ended *e);
void phase_abort(struct phase *p); /* ends the phase although the program's end is unknown */

bool phase_live(const struct phase *p); /* the program may be running */
/* STDIN's bytes. false: beyond the credit. */
bool phase_input(struct phase *p, const void *data, size_t len);
void phase_input_end(struct phase *p);
void phase_resize(struct phase *p, const struct tty_size *size);
/* Reads pipe i, which is readable; both: so is the other. */
void phase_read(struct phase *p, size_t i, bool both);
bool phase_reads(struct phase *p, int64_t now); /* its pipes are to be watched now */
void phase_tick(struct phase *p, int64_t now);	/* limits and deadlines */
int64_t phase_deadline(const struct phase *p);	/* of the next tick; INT64_MAX none */
/* Advances the phase as far as possible; call it again while the phase drains or flushes and the
 * outbox has room. */
void phase_step(struct phase *p);

/* For a phase that is over: its last figures, and how it ended (status as in END). Closes its
 * descriptors. */
enum frame_how phase_close(struct phase *p, uint64_t *status);
void phase_send_end(const struct phase *p, enum frame_how how, uint64_t status);

#endif
