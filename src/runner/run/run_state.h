/* run_state.h - the states of a claimed job, as data */
#ifndef RUNNER_RUN_STATE_H
#define RUNNER_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* S(ID, name, kind, deadline, next)
 *   name      in the log; a step between two states of one name is not logged
 *   kind      how the state is counted
 *   deadline  the timeout armed when the state is entered
 *   next      the states that may follow */
#define RUN_STATES(S)                                                                                                  \
	S(CLAIMED, "claimed", RUN_HAS_PLACE, RUN_NO_DEADLINE,                                                          \
	  TO(PACKAGES) | TO(COMPILING) | TO(BOXED) | TO(RERUN) | TO(VERDICT))                                          \
	S(PACKAGES, "packages", RUN_WAITS, RUN_NO_DEADLINE, TO(PACKED) | TO(RERUN) | TO(VERDICT))                      \
	S(PACKED, "waiting for a place", RUN_WAITS, RUN_NO_DEADLINE,                                                   \
	  TO(COMPILING) | TO(BOXED) | TO(RERUN) | TO(VERDICT))                                                         \
	/* a compile box has the sources; the job's own box is being made, or ready */                                 \
	S(COMPILING, "compiling", RUN_HAS_PLACE, RUN_NO_DEADLINE,                                                      \
	  TO(COMPILING_READY) | TO(BOXED) | TO(RERUN) | TO(VERDICT))                                                   \
	S(COMPILING_READY, "compiling", RUN_HAS_PLACE, RUN_NO_DEADLINE,                                                \
	  TO(BOXED) | TO(EXECUTING) | TO(RERUN) | TO(VERDICT))                                                         \
	/* waits only for its box to be ready; the box has its own deadlines */                                        \
	S(BOXED, "waiting for its box", RUN_HAS_PLACE, RUN_NO_DEADLINE, TO(EXECUTING) | TO(RERUN) | TO(VERDICT))       \
	S(EXECUTING, "executing", RUN_HAS_PLACE, RUN_DEADLINE_WALL, TO(KILLED) | TO(RERUN) | TO(VERDICT))              \
	S(KILLED, "executing", RUN_HAS_PLACE, RUN_DEADLINE_KILL, TO(VERDICT))                                          \
	S(RERUN, "rerun", RUN_HAS_PLACE, RUN_NO_DEADLINE, TO(VERDICT) | TO(GONE))                                      \
	S(VERDICT, "verdict", RUN_ENDING, RUN_NO_DEADLINE, TO(SYNCING) | TO(SYNCED))                                   \
	/* in the hands of the sync thread */                                                                          \
	S(SYNCING, "verdict", RUN_IN_SYNC, RUN_NO_DEADLINE, TO(SYNCED) | TO(VERDICT))                                  \
	S(SYNCED, "synced", RUN_ENDING, RUN_NO_DEADLINE, TO(PUBLISHED) | TO(RETIRING))                                 \
	S(PUBLISHED, "published", RUN_IN_SYNC, RUN_NO_DEADLINE, TO(RETIRING))                                          \
	S(RETIRING, "published", RUN_ENDING, RUN_NO_DEADLINE, TO(GONE))                                                \
	S(GONE, "published", RUN_IN_SYNC, RUN_NO_DEADLINE, 0)

enum run_state {
#define S(id, name, kind, deadline, next) RUN_##id,
	RUN_STATES(S)
#undef S
		RUN_STATE_COUNT
};
enum run_kind {
	RUN_HAS_PLACE, /* the job holds a place */
	RUN_WAITS,     /* without a place */
	RUN_ENDING,    /* has a verdict */
	RUN_IN_SYNC    /* as ENDING, but the sync thread uses the run: do not arm its timer or change it */
};
enum run_deadline {
	RUN_NO_DEADLINE,
	RUN_DEADLINE_WALL, /* the phases' wall time and the slack of cee.conf */
	RUN_DEADLINE_KILL  /* cee-init has this long to end a cancelled program */
};

struct run;
const char *run_state_name(enum run_state s);
enum run_kind run_state_kind(enum run_state s);
bool run_may_follow(enum run_state from, enum run_state to);
/* Only this function writes a state: it logs the step, disarms the old state's timer and arms the new one's. */
void run_enter(struct run *r, enum run_state s);
/* Moves the present state's deadline to us microseconds from now; the state's function in run.c (late) is called then. */
void run_deadline(struct run *r, int64_t us);
/* The same, but never moves the deadline to an earlier time. */
void run_deadline_at_least(struct run *r, int64_t us);
bool run_has_verdict(const struct run *r);
/* Whether the job was sent to its box. */
bool run_state_sent(enum run_state s);
/* Whether the box executes the job, and the job was not cancelled. */
bool run_executes(const struct run *r);
#endif
