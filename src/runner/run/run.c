/* run.c - claimed jobs: from the claim to the first step, and calls from outside
 *
 * The states and their table are in run_state; a job passes through these files:
 *     run.c            claims it
 *     admit.c          checks it
 *     package_step.c   its packages: before anything is compiled, so that a misspelt name costs no compile
 *     compile_step.c   a compile box, and a box for its program
 *     box_events.c     sends it into its box (send_job.c) and handles cee-init's reports (verdict.c)
 *     finish.c         its verdict, or back into new/
 */
#include "runner/run/run.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/loop.h"
#include "engine/attach.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/core/queued.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "runner/run/stdin_pump.h"
#include "runner/run/test_runs.h"
#include "spool/attempt.h"
#include "spool/cancel.h"
#include "spool/claim.h"
#include "spool/input.h"
#include "spool/registration.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list of runs ------------------------------------------------------------------- */

struct runs *runs_new(const struct runs_parts *parts, const struct runs_ops *ops)
{
	struct runs *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return NULL;
	rs->parts = *parts;
	rs->ops = *ops;
	return rs;
}

void runs_free(struct runs *rs)
{
	if (!rs)
		return;
	while (rs->first) {
		struct run *r = rs->first;

		rs->first = r->next;
		loop_timer(&r->timer, 0);
		run_free(r);
	}
	free(rs);
}

void runs_reconfigure(struct runs *rs, const struct config *c)
{
	rs->parts.config = c;
}

struct run_numbers runs_numbers(const struct runs *rs, const char *owner)
{
	struct run_numbers n = { 0 };

	for (const struct run *r = rs->first; r; r = r->next) {
		enum run_kind kind = run_state_kind(r->state);

		if (owner && strcmp(r->owner, owner) != 0)
			continue;
		n.all++;
		n.sessions += r->job.session.life_us && r->state == RUN_EXECUTING;
		n.busy += kind == RUN_HAS_PLACE;
		n.waiting += kind == RUN_WAITS;
		n.ending += kind >= RUN_ENDING;
	}
	n.busy -= n.sessions; /* while it executes, a session holds no place */
	return n;
}

static struct run *find(const struct runs *rs, const char *owner, const char *id)
{
	struct run *r = rs->first;

	while (r && (strcmp(r->id, id) != 0 || strcmp(r->owner, owner) != 0))
		r = r->next;
	return r;
}

/* ---- deadlines ------------------------------------------------------------------------ */

static void session_late(struct run *r);

static void job_late(struct run *r)
{
	if (r->job.session.life_us) {
		session_late(r);
		return;
	}
	run_failed(r, REASON_INTERNAL_ERROR, "cee-init did not keep the job's deadline; the box was removed");
}

static void kill_late(struct run *r)
{
	run_killed(r, "its box did not end it in time and was removed");
}

static void kill_program(struct run *r)
{
	attach_send(&r->box->attach, FRAME_KILL, NULL, 0);
	attach_flush(&r->box->attach);
	run_enter(r, RUN_KILLED);
}

/* A session that is not over had a request or wrote something meanwhile. */
static void session_late(struct run *r)
{
	bool life = loop_now(r->all->parts.loop) - r->session_us >= r->job.session.life_us;
	char time[LIMIT_TEXT_MAX];

	if (run_session_left(r) > 0) {
		run_deadline(r, run_session_left(r));
		return;
	}
	limit_format(time, LIMIT_WALL, life ? r->job.session.life_us : r->job.session.idle_us);
	snprintf(r->session_end, sizeof(r->session_end), life ? "its life of %s is over" : "idle for %s", time);
	kill_program(r);
}

/* The function called at a state's deadline; states without an entry have no timer. */
static void (*const late[RUN_STATE_COUNT])(struct run *r) = {
	[RUN_EXECUTING] = job_late, [RUN_KILLED] = kill_late, [RUN_RERUN] = run_put_back,
	[RUN_VERDICT] = run_step,   [RUN_SYNCED] = run_step,  [RUN_RETIRING] = run_step,
};

static void timer_fired(struct timer *t)
{
	struct run *r = (struct run *)((char *)t - offsetof(struct run, timer));

	if (late[r->state])
		late[r->state](r);
}

/* ---- the beginning ------------------------------------------------------------------ */

static struct run *claim(struct runs *rs, const struct queued *q)
{
	struct spool_runner *runner = rs->parts.runner;
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->all = rs;
	r->files = SPOOL_ATTEMPT_NONE;
	r->pinned = r->layer = -1;
	tests_init(&r->tests);
	stdin_pump_init(&r->stdin_pump);
	timer_init(&r->timer, rs->parts.loop, timer_fired);
	result_init(&r->result);
	snprintf(r->owner, sizeof(r->owner), "%s", q->owner);
	memcpy(r->id, q->id, sizeof(r->id));
	r->attempt = spool_claim(runner, q->owner, q->id, q->priority, q->attempts);
	if (r->attempt < 0) {
		int err = errno;

		run_free(r);
		errno = err;
		return NULL;
	}
	memcpy(r->result.id, q->id, sizeof(r->result.id));
	r->result.attempt = r->attempt;
	r->result.runner = strdup(runner->name);
	r->result.group = strdup(q->id);
	r->result.created_us = id_time_us(q->id);
	r->result.claimed_us = now_us();
	r->result.queued_us = r->result.claimed_us - r->result.created_us;
	return r;
}

static const char *open_stdin(struct run *r)
{
	if (r->job.stdin_stream)
		return stdin_pump_open(&r->stdin_pump, r->all->parts.runner->s, r->owner, r->id, &r->files);
	stdin_pump_text(&r->stdin_pump, r->job.stdin_data, r->job.stdin_len);
	return NULL;
}

/* 0: read; 1: not a valid job file; -1: it could not be read now, which is not the job's fault. */
static int read_text(struct run *r, struct buf *text)
{
	if (spool_claimed_read(r->all->parts.runner, r->owner, r->id, r->attempt,
			       (size_t)r->all->parts.config->conf.max_job, text) == 0)
		return 0;
	return errno == EINVAL || errno == EFBIG || errno == ENOENT ? 1 : -1;
}

static bool session_may_begin(const struct run *r)
{
	const struct conf *c = &r->all->parts.config->conf;

	return runs_numbers(r->all, NULL).sessions < c->sessions &&
	       runs_numbers(r->all, r->owner).sessions < c->owner_sessions;
}

/* NULL, or why the job cannot run. */
static const char *admit(struct run *r, int read, const struct buf *text, enum reason *why, struct cee_err *e)
{
	const char *reason = read == 0 ? run_admit(r, text, why, e) : e->msg;

	if (!reason && r->job.session.life_us && !session_may_begin(r))
		return "session: this host has as many as it allows (sessions and owner_sessions of cee.conf)";
	return reason ? reason : open_stdin(r);
}

/* Puts back a claimed job that could not begin, without counting the attempt. Returns -1 and keeps errno. */
static int give_back(struct runs *rs, struct run *r)
{
	int err = errno;

	spool_requeue(rs->parts.runner, r->owner, r->id, r->attempt);
	run_free(r);
	errno = err;
	return -1;
}

static void start(struct run *r)
{
	if (r->job.npackages)
		run_ask_packages(r);
	if (!r->job.npackages || r->state == RUN_PACKED)
		run_compile_and_run(r);
}

static int begin(struct runs *rs, const struct queued *q, bool cancelled)
{
	struct run *r = claim(rs, q);
	struct cee_err e = { "the job file is not a regular file with one link, or larger than max_job" };
	AUTO_BUF struct buf text = { 0 };
	enum reason why = REASON_REFUSED;
	const char *reason;
	int read;

	if (!r)
		return errno == ENOENT ? 1 : -1;
	if ((read = read_text(r, &text)) < 0 ||
	    spool_attempt_open(rs->parts.runner, r->owner, r->id, r->attempt, &r->files) < 0)
		return give_back(rs, r);
	r->next = rs->first;
	rs->first = r;
	reason = admit(r, read, &text, &why, &e);
	log_event("job", "owner", r->owner, "id", r->id, "attempt", log_number(r->attempt), "from", "new", "to",
		  run_state_name(RUN_CLAIMED), "group", r->job.group, "labels", r->labels, NULL);
	if (cancelled || spool_cancel_wanted(rs->parts.runner->s, r->owner, r->id))
		run_verdict(r, REASON_CANCELLED, "cancelled before it began");
	else if (reason && why == REASON_INTERNAL_ERROR)
		run_failed(r, why, reason);
	else if (reason)
		run_verdict(r, why, reason);
	else
		start(r);
	return 0;
}

int runs_begin(struct runs *rs, const struct queued *q)
{
	return begin(rs, q, false);
}

int runs_begin_cancelled(struct runs *rs, const struct queued *q)
{
	return begin(rs, q, true);
}

bool runs_resume(struct runs *rs, bool (*may_begin)(void *arg, const char *owner), void *arg)
{
	struct run *oldest = NULL;

	for (struct run *r = rs->first; r; r = r->next)
		if (r->state == RUN_PACKED && (!oldest || r->result.claimed_us < oldest->result.claimed_us) &&
		    (!may_begin || may_begin(arg, r->owner)))
			oldest = r;
	if (oldest)
		run_compile_and_run(oldest);
	return oldest;
}

/* ---- from outside ----------------------------------------------------------------------- */

static const char *cancel_message(enum run_state s)
{
	if (s == RUN_COMPILING || s == RUN_COMPILING_READY)
		return "cancelled while it was compiled";
	return s == RUN_PACKAGES ? "cancelled while its packages were fetched" : "cancelled before it began";
}

static enum run_cancel cancel(struct run *r)
{
	if (run_state_sent(r->state) && r->state != RUN_EXECUTING)
		return RUN_ENDS; /* for a job that is being put back, the request is read again when its box is gone */
	if (r->state != RUN_EXECUTING) {
		run_verdict(r, REASON_CANCELLED, cancel_message(r->state));
		return RUN_CANCELLED;
	}
	kill_program(r);
	return RUN_CANCELLED;
}

enum run_cancel runs_cancel(struct runs *rs, const char *owner, const char *id)
{
	struct run *r = find(rs, owner, id);

	return r ? cancel(r) : RUN_NOT_HERE;
}

/* A signal that comes before the program runs ends its job, as it would end a process that had not set up
 * anything yet. */
bool runs_input(struct runs *rs, const char *owner, const char *id, enum spool_input_kind kind, int sig)
{
	struct run *r = find(rs, owner, id);

	if (!r)
		return false;
	if (kind == INPUT_WINDOW)
		run_send_window(r);
	else if (kind != INPUT_SIGNAL)
		run_pump_stdin(r);
	else if (spool_signal_take(rs->parts.runner->s, owner, id, sig) && !run_send_signal(r, sig))
		cancel(r);
	return true;
}

void runs_end_sessions(struct runs *rs)
{
	for (struct run *r = rs->first, *next; r; r = next) {
		next = r->next;
		if (!r->job.session.life_us || r->state != RUN_EXECUTING)
			continue;
		snprintf(r->session_end, sizeof(r->session_end), "its runner was stopped");
		kill_program(r);
	}
}

void runs_requeue_all(struct runs *rs)
{
	for (struct run *r = rs->first, *next; r; r = next) {
		next = r->next;
		if (r->state < RUN_KILLED)
			run_requeue(r);
	}
}

void runs_abandon_boxes(struct runs *rs)
{
	for (struct run *r = rs->first, *next; r; r = next) {
		next = r->next;
		if (run_has_verdict(r))
			continue;
		if (r->state < RUN_KILLED)
			run_requeue(r);
		if (r->state == RUN_KILLED) {
			kill_late(r);
		} else if (r->state == RUN_RERUN && r->box) {
			r->box->gone = NULL;
			run_box_gone(r);
		}
	}
}
