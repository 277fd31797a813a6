/* box_events.c - handles the frames of a job's box, by type, and the box's end */
#include "base/clock.h"
#include "base/testhook.h"
#include "job/result.h"
#include "engine/attach.h"
#include "runner/box/box.h"
#include "runner/box/box_limit.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/core/pin.h"
#include "runner/run/collect_files.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "runner/run/send_job.h"
#include "runner/run/stdin_pump.h"
#include "runner/run/test_runs.h"
#include "runner/run/verdict.h"
#include "spool/index.h"
#include "wire/frame.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLLECT_US = 35 * 1000 * 1000, TROUBLE_MAX = 300 }; /* a search alone may take 30 s: init/collect_walk.c */

/* ---- standard input ----------------------------------------------------------------- */

void run_pump_stdin(struct run *r)
{
	int64_t max = r->all->parts.config->conf.max_stdin, before = r->stdin_pump.sent;
	char text[120];

	if (!run_executes(r) || r->job.ntests)
		return; /* test_runs.c has the input of each test */
	switch (stdin_pump_send(&r->stdin_pump, &r->box->attach, max)) {
	case STDIN_OK:
		if (r->stdin_pump.sent > before)
			r->active_us = loop_now(r->all->parts.loop);
		break;
	case STDIN_TOO_LARGE:
		snprintf(text, sizeof(text),
			 "stdin_stream: its input is larger than %lld bytes (max_stdin of cee.conf)", (long long)max);
		run_verdict(r, REASON_REFUSED, text);
		break;
	case STDIN_LOST:
		run_verdict(r, REASON_LOST, "stdin_stream: a part of its input is lost (a power cut?)");
		break;
	}
}

/* ---- the frames, one handler each ------------------------------------------------------ */

static void take_output(struct run *r, const struct frame *f)
{
	r->active_us = loop_now(r->all->parts.loop);
	if (f->stream >= STREAM_OUT && f->stream <= STREAM_COMPILE)
		output_add(&r->output, f->stream, f->data, f->len);
	tests_output(r, f->stream, f->data, f->len);
}

static void take_gap(struct run *r, const struct frame *f)
{
	uint64_t bytes;

	if (f->stream >= STREAM_OUT && f->stream <= STREAM_COMPILE && frame_unpack_gap(f->data, f->len, &bytes))
		output_gap(&r->output, f->stream, bytes);
	tests_output(r, f->stream, NULL, 0);
}

/* Extends the deadline until init reports the files: its search takes at most 3 s. Never shortens the present
 * deadline, because the end of a compile phase is not the end of the job. */
static void await_collected(struct run *r)
{
	run_deadline_at_least(r, COLLECT_US + r->all->parts.config->conf.run_slack_us);
}

static void take_end(struct run *r, const struct frame *f)
{
	enum frame_phase phase;

	if (!tests_end(r, f) && verdict_end(&r->result, f, &phase) && phase == PHASE_COMPILE && !r->job.ntests) {
		box_limit_set(r->box, PHASE_RUN, r->limits[PHASE_RUN].v[LIMIT_MEMORY], -1);
		attach_flush(&r->box->attach);
	}
	if (r->job.ncollect) /* a cancelled job is given that time too */
		await_collected(r);
}

static void take_next(struct run *r, const struct frame *f)
{
	int64_t wall;

	(void)f;
	if (r->state == RUN_KILLED)
		return;
	wall = tests_next(r);
	if (wall < 0)
		run_failed(r, REASON_INTERNAL_ERROR, "out of memory");
	else
		run_deadline(r, wall + r->all->parts.config->conf.run_slack_us);
}

static void take_collected(struct run *r, const struct frame *f)
{
	if (files_frame(&r->collected, f) < 0)
		run_failed(r, REASON_INTERNAL_ERROR, "cee-init sent collected files that break its bounds");
	else
		await_collected(r); /* the number of these frames is bounded */
}

static void take_credit(struct run *r, const struct frame *f)
{
	uint32_t bytes;

	if (r->job.ntests) {
		tests_credit(r, f);
	} else if (frame_unpack_number(f->data, f->len, &bytes)) {
		r->stdin_pump.credit += bytes;
		run_pump_stdin(r);
	}
}

static void take_trouble(struct run *r, const struct frame *f)
{
	free(r->trouble);
	r->trouble = strndup((const char *)f->data, f->len < TROUBLE_MAX ? f->len : TROUBLE_MAX);
}

static void take_start(struct run *r, const struct frame *f)
{
	uint32_t phase;

	r->began = true;
	if (frame_unpack_number(f->data, f->len, &phase) && phase == PHASE_RUN)
		r->program_runs = true;
	output_mark(&r->output, r->program_runs ? MARK_RUNNING : MARK_COMPILING);
}

static void take_done(struct run *r, const struct frame *f)
{
	const struct result_phase *compile = &r->result.phase[PHASE_COMPILE];
	uint32_t failed;
	bool internal =
		!frame_unpack_number(f->data, f->len, &failed) || failed || r->result.why == REASON_INTERNAL_ERROR;
	char text[160];

	r->clean = !internal;
	if (r->state == RUN_KILLED || r->result.why == REASON_CANCELLED) {
		run_killed(r, NULL);
		return;
	}
	if (internal) {
		run_failed(r, REASON_INTERNAL_ERROR, r->trouble ? r->trouble : "cee-init could not run the job");
		return;
	}
	if (r->gate_dead) {
		run_failed(r, REASON_INTERNAL_ERROR, "the gate to the network: it ended under the job");
		return;
	}
	if (r->result.tests.run)
		tests_explain(r, text, sizeof(text));
	else
		verdict_explain(&r->result, text, sizeof(text));
	if (compile->ran && verdict_program_failed(compile))
		run_verdict(r, REASON_COMPILE_ERROR,
			    text[0]	   ? text
			    : r->job.check ? "what the check found is on stderr"
					   : COMPILER_OUTPUT);
	else
		run_verdict(r, r->result.why, text[0] ? text : NULL);
}

static void take_network(struct run *r, const struct frame *f)
{
	struct frame_network n;

	if (!frame_unpack_network(f->data, f->len, &n))
		return;
	r->gate_dead = n.dead;
	r->result.network.connections = (int64_t)(n.connections & INT64_MAX);
	r->result.network.in = (int64_t)(n.in & INT64_MAX);
	r->result.network.out = (int64_t)(n.out & INT64_MAX);
	r->result.network.refused = (int64_t)(n.refused & INT64_MAX);
}

static void take_nothing(struct run *r, const struct frame *f)
{
	(void)r;
	(void)f;
}

typedef void (*frame_handler)(struct run *r, const struct frame *f);
/* cee-init must not send any other type. */
static const frame_handler handlers[] = {
	[FRAME_OUT] = take_output,	[FRAME_GAP] = take_gap,	       [FRAME_END] = take_end,
	[FRAME_NEXT] = take_next,	[FRAME_FILE] = take_collected, [FRAME_DATA] = take_collected,
	[FRAME_LEFT] = take_collected,	[FRAME_CREDIT] = take_credit,  [FRAME_TROUBLE] = take_trouble,
	[FRAME_NETWORK] = take_network, [FRAME_DONE] = take_done,      [FRAME_START] = take_start,
	[FRAME_READY] = take_nothing,
};

static void on_frame(void *arg, const struct frame *f)
{
	struct run *r = arg;
	size_t type = (size_t)f->type;
	frame_handler handler = type < sizeof(handlers) / sizeof(*handlers) ? handlers[type] : NULL;

	if (!handler)
		run_failed(r, REASON_INTERNAL_ERROR, "unexpected frame type from cee-init");
	else if (r->state != RUN_EXECUTING && r->state != RUN_KILLED && handler != take_trouble)
		run_failed(r, REASON_INTERNAL_ERROR, "cee-init sent a frame before it had the job");
	else
		handler(r, f);
}

/* ---- ready, and the end ----------------------------------------------------------------------- */

void run_execute(struct run *r)
{
	const struct config *c = r->all->parts.config;
	struct send_job order;
	enum frame_phase first;

	if (!r->box->cells &&
	    boxes_cells(r->all->parts.boxes)) { /* never run with less isolation than the host allows */
		run_failed(r, REASON_INTERNAL_ERROR, "its box could not build a cell, though this host allows them");
		return;
	}
	if (r->files.index < 0 && run_begin_log(r) < 0) {
		run_failed(r, REASON_INTERNAL_ERROR, "the spool has no room for the job's log");
		return;
	}
	if (r->job.ncollect)
		files_init(&r->collected, &r->files, &r->result.files, r->collect_files, r->collect_bytes);
	r->result.cells = r->box->cells;
	r->result.box = strndup(r->box->container, 12);
	if (!r->result.started_us)
		r->result.started_us = now_us();
	r->active_us = r->session_us = loop_now(r->all->parts.loop);
	r->result.processor = c->conf.pin && !r->job.session.life_us ? pin_take(r->all->parts.pin) : -1;
	r->pinned = r->result.processor;
	run_enter(r, RUN_EXECUTING);
	order = run_to_send(r);
	if (send_job(&order) < 0) {
		run_failed(r, REASON_INTERNAL_ERROR, "out of memory");
		return;
	}
	first = send_job_first(&order);
	if (!r->job.ntests || first == PHASE_COMPILE) /* each test has its own */
		box_limit_set(r->box, first, r->limits[first].v[LIMIT_MEMORY], send_job_bytes(&order));
	attach_flush(&r->box->attach);
	spool_hook("job-sent");
	run_pump_stdin(r); /* an empty input ends at once */
	if (r->job.session.life_us)
		r->all->ops.ended(r->all->ops.arg); /* its place is free */
}

static void on_ready(void *arg)
{
	struct run *r = arg;

	if (r->state == RUN_COMPILING)
		run_enter(r, RUN_COMPILING_READY);
	else if (r->state == RUN_BOXED)
		run_execute(r);
}

static void died(struct run *r, const char *reason)
{
	if (r->state == RUN_KILLED)
		run_killed(r, reason);
	else
		run_verdict(r, REASON_BOX_DIED, reason);
}

static void on_ended(void *arg, enum box_end how, const char *reason)
{
	struct run *r = arg;
	char text[512];

	switch (how) {
	case BOX_OURS:
	case BOX_AWAY:
		run_failed(r, REASON_INTERNAL_ERROR, reason);
		break;
	case BOX_NO_IMAGE:
		snprintf(text, sizeof(text), "the image %s is missing: run cee-lang build %s", r->lang->image,
			 r->lang->name);
		run_verdict(r, REASON_REFUSED, r->lang->missing ? r->lang->missing : text);
		break;
	case BOX_DIED:
		if (!r->began) /* no program of this job had started, so the job is not to blame */
			run_failed(r, REASON_BOX_DIED, reason);
		else
			died(r, reason);
		break;
	}
}

void run_use_box(struct run *r, struct box *b)
{
	r->box = b;
	box_use(b, on_ready, on_frame, on_ended, r);
	if (b->state == BOX_READY)
		on_ready(r);
}
