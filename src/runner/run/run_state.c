/* run_state.c - the states of a claimed job
 *
 *     CLAIMED ─> [PACKAGES ─> PACKED ─>] [COMPILING ─> COMPILING_READY ─>] BOXED ─> EXECUTING ─> KILLED
 *        │            │          │            │               │              │          │           │
 *        ├────────────┴──────────┴────────────┴───────────────┴──────────────┴──────────┴───────────┴──> VERDICT
 *        └──────── the same but KILLED ────────> RERUN ─> (back in new/)
 *
 *     VERDICT ─> SYNCING ─> SYNCED ─> PUBLISHED ─> RETIRING ─> (gone)
 *
 * The table is in run_state.h. A state's deadline ends with the state: there is one timer, and every step
 * disarms it before the next state arms it anew. While the sync thread has a run (RUN_IN_SYNC) no timer can be
 * armed, so only the thread's answer changes its state.
 */
#include "runner/run/run_state.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/state_step.h"
#include "job/reasons.h"
#include "runner/core/log.h"
#include "runner/run/run_internal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { KILL_US = 300000 };

static const struct {
	const char *name;
	enum run_kind kind;
	enum run_deadline deadline;
	uint32_t next;
} states[RUN_STATE_COUNT] = {
#define TO(id) 1u << RUN_##id
#define S(id, name, kind, deadline, next) [RUN_##id] = { name, kind, deadline, next },
	RUN_STATES(S)
#undef S
#undef TO
};

const char *run_state_name(enum run_state s)
{
	return states[s].name;
}

enum run_kind run_state_kind(enum run_state s)
{
	return states[s].kind;
}

bool run_may_follow(enum run_state from, enum run_state to)
{
	return states[from].next & 1u << to;
}

bool run_has_verdict(const struct run *r)
{
	return states[r->state].kind >= RUN_ENDING;
}

bool run_executes(const struct run *r)
{
	return r->state == RUN_EXECUTING && r->box;
}

bool run_state_sent(enum run_state s)
{
	return s >= RUN_EXECUTING;
}

int64_t run_session_left(const struct run *r)
{
	int64_t now = loop_now(r->all->parts.loop), idle = r->active_us + r->job.session.idle_us - now,
		life = r->session_us + r->job.session.life_us - now, left = idle < life ? idle : life;

	return left > 0 ? left : 0;
}

/* The wall time limit of the phases that run in the job's own box. */
static int64_t wall(const struct run *r)
{
	int64_t us = r->limits[PHASE_RUN].v[LIMIT_WALL];

	if (r->job.session.life_us)
		return run_session_left(r);
	if ((r->lang->ncompile && !r->compile) || r->job.check)
		us += r->limits[PHASE_COMPILE].v[LIMIT_WALL];
	return us + r->all->parts.config->conf.run_slack_us;
}

void run_deadline(struct run *r, int64_t us)
{
	assert(states[r->state].kind != RUN_IN_SYNC);
	loop_timer(&r->timer, loop_now(r->all->parts.loop) + us);
}

void run_deadline_at_least(struct run *r, int64_t us)
{
	if (r->timer.at < loop_now(r->all->parts.loop) + us)
		run_deadline(r, us);
}

static void arm(struct run *r)
{
	switch (states[r->state].deadline) {
	case RUN_NO_DEADLINE:
		break;
	case RUN_DEADLINE_WALL:
		run_deadline(r, wall(r));
		break;
	case RUN_DEADLINE_KILL:
		run_deadline(r, KILL_US);
		break;
	}
}

void run_enter(struct run *r, enum run_state s)
{
	bool verdict = s == RUN_VERDICT, known = state_step("run", states[r->state].next, r->state, s);

	assert(known);
	(void)known;
	if (strcmp(states[r->state].name, states[s].name) != 0 && s != RUN_GONE)
		log_event("job", "owner", r->owner, "id", r->id, "attempt", log_number(r->attempt), "from",
			  states[r->state].name, "to", states[s].name, "why",
			  verdict ? reason_name[r->result.why] : NULL, "message", verdict ? r->result.message : NULL,
			  "group", r->job.group, "labels", r->labels, NULL);
	loop_timer(&r->timer, 0);
	r->state = s;
	arm(r);
}
