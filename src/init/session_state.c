/* session_state.c - the states of a session, and the frames allowed in each (session_state.h)
 *
 *                       ┌──────────────── next phase ───────────────┐
 *                       v                                           │
 *   idle ── JOB ──> loading ── GO ──> phase ── its END ─────────────┤
 *    ^                  │               ^                           v
 *    │                  │               │       collecting <── no more phases
 *    │                  │               │            │
 *    └── DONE ──────────┴───────────────┴────────────┘   from every state
 *
 * A job of many tests:
 *
 *   loading ── GO ──> [phase: compile] ──> snapshot ── NEXT ──> next ── TEST ──> test ── GO ──> go
 *                                                                ^                              │
 *                                                                └── NEXT ── phase <── filled ──┘
 *
 *   next ── FINISH ──> idle
 *
 * In a box with a cgroup for its jobs every phase has "limit" before it where its LIMIT has not come yet: after
 * loading, after go, and after the phase before.
 */
#include "init/session_state.h"

#include "base/state_step.h"

#include "init/session.h"

enum {
	IDLE = 1 << SESSION_IDLE,
	LOADING = 1 << SESSION_LOADING,
	LIMIT = 1 << SESSION_LIMIT,
	PHASE = 1 << SESSION_PHASE,
	SNAPSHOT = 1 << SESSION_SNAPSHOT,
	NEXT = 1 << SESSION_NEXT,
	TEST = 1 << SESSION_TEST,
	GO = 1 << SESSION_GO,
	COLLECTING = 1 << SESSION_COLLECTING,
	ALL = (1 << SESSION_STATES) - 1,
};

/* From a state, the set of those that may follow. */
static const unsigned follows[SESSION_STATES] = {
	[SESSION_IDLE] = LOADING,	  [SESSION_LOADING] = LIMIT | PHASE | SNAPSHOT | COLLECTING | IDLE,
	[SESSION_LIMIT] = PHASE | IDLE,	  [SESSION_PHASE] = LIMIT | PHASE | SNAPSHOT | NEXT | COLLECTING | IDLE,
	[SESSION_SNAPSHOT] = NEXT | IDLE, [SESSION_NEXT] = TEST | IDLE,
	[SESSION_TEST] = GO | IDLE,	  [SESSION_GO] = LIMIT | PHASE | IDLE,
	[SESSION_COLLECTING] = IDLE,
};

/* For a frame, the states in which it is acted on, and those in which it is ignored. */
static const struct rule {
	unsigned taken, ignored;
} rules[] = {
	[FRAME_HELLO] = { ALL, 0 },
	[FRAME_JOB] = { IDLE, 0 },
	/* idle: the rest of a job that has ended in trouble */
	[FRAME_FILE] = { LOADING, IDLE },
	[FRAME_DATA] = { LOADING, IDLE },
	[FRAME_COLLECT] = { LOADING, IDLE },
	[FRAME_PHASE] = { LOADING | TEST, IDLE },
	[FRAME_ARG] = { LOADING | TEST, IDLE },
	[FRAME_ENV] = { LOADING | TEST, IDLE },
	[FRAME_GO] = { LOADING | TEST, ALL & ~(LOADING | TEST | NEXT | GO) },
	[FRAME_TEST] = { NEXT, IDLE },
	[FRAME_FINISH] = { NEXT, IDLE },
	/* the runner may send these before it knows that the program has ended */
	[FRAME_STDIN] = { LOADING | LIMIT | TEST | GO | PHASE, IDLE | SNAPSHOT | NEXT | COLLECTING },
	[FRAME_STDIN_END] = { LOADING | LIMIT | TEST | GO | PHASE, IDLE | SNAPSHOT | NEXT | COLLECTING },
	[FRAME_SIGNAL] = { PHASE, ALL & ~PHASE },
	[FRAME_WINDOW] = { ALL & ~IDLE, IDLE },
	[FRAME_KILL] = { ALL & ~IDLE, IDLE },
	[FRAME_PLACED] = { IDLE, 0 },
	[FRAME_LIMIT] = { LOADING | LIMIT | TEST | GO | PHASE, IDLE | SNAPSHOT | NEXT | COLLECTING },
};

enum frame_rule session_rule(enum session_state state, enum frame_type type)
{
	unsigned bit = 1u << state;

	if ((size_t)type >= sizeof rules / sizeof *rules)
		return FRAME_REFUSED;
	if (rules[type].taken & bit)
		return FRAME_TAKEN;
	return rules[type].ignored & bit ? FRAME_IGNORED : FRAME_REFUSED;
}

void session_enter(struct session *s, enum session_state to)
{
	if (!state_step("session", follows[s->state], s->state, to))
		init_fail(s->fatal, "a bug: from state %d to %d", (int)s->state, (int)to);
	s->state = to;
}
