/* session.c - cee-init's side of the protocol: takes jobs, reports their results (session.h)
 *
 * Rules it keeps:
 * - Memory is bounded: the outbox, the program's input, the tail of its output. While the outbox is
 *   full the program's pipes are not read; what the runner sends is always read, so that KILL and
 *   the end of the connection are always seen.
 * - Every job that was begun (JOB) ends with exactly one DONE (job_end.c).
 * - When the peer breaks the protocol, init exits, and the kernel ends the box. The same happens
 *   when its input ends.
 */
#include "init/session.h"

#include "init/job_end.h"
#include "init/job_steps.h"
#include "init/test_session.h"
#include "init/private_memory.h"

#include <signal.h>
#include <string.h>

enum { HOLD_US = 3000, HALF_LINE_US = 1000 };

/* ---- frames that make a job ---------------------------------------------------- */

static void take_hello(struct session *s, const struct frame *f)
{
	struct frame_hello h;

	if (!frame_unpack_hello(f->data, f->len, &h) || h.version != FRAME_VERSION)
		init_fail(s->fatal,
			  "the runner does not speak version %d of the protocol: restart it, or replace cee-init",
			  FRAME_VERSION);
	s->greeted = true;
}

static void begin_job(struct session *s)
{
	struct disk_room room = { .disk = s->job.asked.disk,
				  .inodes = s->job.asked.inodes,
				  .terminal = s->job.asked.flags & JOB_TTY,
				  .layers = s->job.asked.flags & JOB_LAYERS };
	char text[INIT_TEXT];

	if (s->box_used) {
		job_fail(s, "a box without cells serves one job; start a new box");
		return;
	}
	if (s->x != s->cells && s->job_cgroup) {
		job_fail(s, "a box with a cgroup for its jobs runs them in cells");
		return;
	}
	if (s->x != s->cells && s->cells) { /* a cell was made ahead and is not needed */
		s->cells->ops->end(s->cells);
		s->cells->ops->settle(s->cells);
	}
	s->box_used = s->x->one_job;
	if (s->x->ops->begin(s->x, &room, text))
		job_fail(s, "%s", text);
}

static void take_job(struct session *s, const struct frame *f)
{
	struct frame_job asked;

	if (!s->greeted || !frame_unpack_job(f->data, f->len, &asked)) {
		init_fail(s->fatal, "a JOB before HELLO");
		return;
	}
	s->job = (struct job){ .asked = asked };
	s->phase.input.ended = false;
	s->phase.limits.room = 0;
	s->ready_sent = false;
	s->x = s->cells && !(asked.flags & JOB_NO_CELL) ? s->cells : s->bare;
	session_enter(s, SESSION_LOADING);
	begin_job(s);
}

static void take_phase(struct session *s, const struct frame *f)
{
	struct frame_plan plan;

	if (!frame_unpack_plan(f->data, f->len, &plan) || s->job.set[plan.phase]) {
		job_fail(s, "malformed PHASE frame");
		return;
	}
	s->job.set[plan.phase] = true;
	memcpy(s->job.limit[plan.phase], plan.limit, sizeof plan.limit);
}

/* Passes the frame to the executor; the session itself keeps only the limits of phases. */
static void take_load(struct session *s, const struct frame *f)
{
	char text[INIT_TEXT];

	if (s->x->ops->frame(s->x, f->type, f->data, f->len, text)) {
		job_fail(s, "%s", text);
		return;
	}
	if (f->type == FRAME_PHASE)
		take_phase(s, f);
	if (f->type == FRAME_COLLECT)
		s->job.patterns = true;
}

static void take_go(struct session *s, const struct frame *f)
{
	(void)f;
	if (s->state == SESSION_TEST) {
		session_enter(s, SESSION_GO);
		tests_start_if_ready(s);
	} else if (!(s->job.asked.flags & JOB_TESTS)) {
		job_next_phase(s);
	} else if (s->job.set[PHASE_COMPILE]) {
		job_start_phase(s, PHASE_COMPILE);
	} else {
		tests_take_snapshot(s);
	}
}

static void take_placed(struct session *s, const struct frame *f)
{
	uint32_t there;

	if (!s->unplaced || !frame_unpack_number(f->data, f->len, &there)) {
		init_fail(s->fatal, "a PLACED that was not waited for");
		return;
	}
	s->unplaced = false;
	s->job_cgroup = there && s->gauge->use_jobs(s->gauge->arg);
	if (there && !s->job_cgroup)
		init_fail(s->fatal, "the cgroup of the jobs is not to be seen in the box");
}

static void take_limit(struct session *s, const struct frame *f)
{
	uint32_t phase;

	if (!frame_unpack_number(f->data, f->len, &phase) || phase >= PHASE_COUNT) {
		init_fail(s->fatal, "malformed LIMIT frame");
		return;
	}
	s->job.in_force[phase] = true;
	if (s->state == SESSION_LIMIT && s->job.waiting == phase)
		job_start_phase(s, phase);
}

static void take_test(struct session *s, const struct frame *f)
{
	(void)f;
	tests_take_test(s);
}

static void take_finish(struct session *s, const struct frame *f)
{
	(void)f;
	job_done(s);
}

/* ---- frames for a running program ------------------------------------------------ */

static bool program_gone(const struct session *s)
{
	return s->state == SESSION_PHASE && !phase_live(&s->phase);
}

static void take_stdin(struct session *s, const struct frame *f)
{
	if (!program_gone(s) && !phase_input(&s->phase, f->data, f->len))
		init_fail(s->fatal, "more STDIN than the credit allows");
}

static void take_stdin_end(struct session *s, const struct frame *f)
{
	(void)f;
	phase_input_end(&s->phase);
}

static void take_signal(struct session *s, const struct frame *f)
{
	uint32_t sig;

	if (!phase_live(&s->phase) || !frame_unpack_number(f->data, f->len, &sig) || sig < 1 || sig >= NSIG)
		return;
	s->x->ops->signal(s->x, (int)sig);
}

static void take_window(struct session *s, const struct frame *f)
{
	struct frame_window w;

	if (!frame_unpack_window(f->data, f->len, &w) || w.rows > UINT16_MAX || w.columns > UINT16_MAX)
		return;
	s->job.tty = (struct tty_size){ .rows = (unsigned short)w.rows, .columns = (unsigned short)w.columns };
	phase_resize(&s->phase, &s->job.tty);
}

static void take_kill(struct session *s, const struct frame *f)
{
	(void)f;
	s->job.killed = true;
	if (s->state == SESSION_PHASE) {
		phase_kill(&s->phase, END_KILLED);
	} else if (s->state == SESSION_COLLECTING) {
		job_end_collecting(s);
	} else if (s->state == SESSION_SNAPSHOT) {
		phase_send_end(&s->phase, END_KILLED, END_SIGNAL);
		job_done(s);
	} else {
		job_send_killed(s, PHASE_RUN);
		job_done(s);
	}
}

static void take_frame(struct session *s, const struct frame *f)
{
	static void (*const take[])(struct session * s, const struct frame *f) = {
		[FRAME_HELLO] = take_hello,   [FRAME_JOB] = take_job,	    [FRAME_FILE] = take_load,
		[FRAME_DATA] = take_load,     [FRAME_COLLECT] = take_load,  [FRAME_PHASE] = take_load,
		[FRAME_ARG] = take_load,      [FRAME_ENV] = take_load,	    [FRAME_GO] = take_go,
		[FRAME_PLACED] = take_placed, [FRAME_LIMIT] = take_limit,   [FRAME_TEST] = take_test,
		[FRAME_FINISH] = take_finish, [FRAME_STDIN] = take_stdin,   [FRAME_STDIN_END] = take_stdin_end,
		[FRAME_SIGNAL] = take_signal, [FRAME_WINDOW] = take_window, [FRAME_KILL] = take_kill,
	};

	switch (session_rule(s->state, f->type)) {
	case FRAME_TAKEN:
		take[f->type](s, f);
		break;
	case FRAME_IGNORED:
		break;
	case FRAME_REFUSED:
		init_fail(s->fatal, "unexpected frame of type %d", (int)f->type);
		break;
	}
}

void session_bytes(struct session *s, const unsigned char *p, size_t len)
{
	struct frame f;
	size_t used;
	int got;

	for (size_t at = 0; !*s->fatal; at += used) {
		got = frame_feed(&s->parser, p + at, len - at, &used, &f);
		if (got < 0)
			init_fail(s->fatal, "malformed frame");
		if (got <= 0)
			return;
		take_frame(s, &f);
	}
}

/* ---- events --------------------------------------------------------------------------- */

static void place_lost(struct session *s, const struct executor_event *e)
{
	bool test = s->job.asked.flags & JOB_TESTS && s->phase.id == PHASE_RUN;

	if (s->state == SESSION_PHASE && phase_live(&s->phase)) {
		phase_lost(&s->phase, &e->ended);
		s->job.killed |= !test; /* the loss of a test's cell ends that test only */
	} else if (s->state == SESSION_LOADING || s->state == SESSION_LIMIT || s->state == SESSION_NEXT ||
		   s->state == SESSION_TEST || s->state == SESSION_GO) {
		job_fail(s, "the cell ended before its program (status %d): is the box's memory limit too small?",
			 e->ended.status);
	}
}

static void take_event(struct session *s, const struct executor_event *e)
{
	switch (e->kind) {
	case EXECUTOR_FILLED:
		s->job.filled = true;
		tests_start_if_ready(s);
		break;
	case EXECUTOR_STARTED:
		phase_started(&s->phase, e->time_us);
		break;
	case EXECUTOR_ENDED:
		phase_ended(&s->phase, &e->ended);
		break;
	case EXECUTOR_FAILED:
		if (s->state != SESSION_COLLECTING)
			job_fail(s, "%s", e->text);
		break;
	case EXECUTOR_LOST:
		place_lost(s, e);
		break;
	}
}

void session_events(struct session *s)
{
	struct executor_event e;

	while (s->x->ops->next(s->x, &e))
		if (s->state != SESSION_IDLE)
			take_event(s, &e);
}

void session_read_output(struct session *s, bool first, bool second)
{
	if (first && phase_live(&s->phase))
		phase_read(&s->phase, 0, second);
	if (second && phase_live(&s->phase))
		phase_read(&s->phase, 1, first);
}

void session_read_files(struct session *s)
{
	if (s->state == SESSION_SNAPSHOT)
		tests_read_files(s);
	else if (s->state == SESSION_COLLECTING)
		job_read_files(s);
}

void session_tick(struct session *s)
{
	phase_tick(&s->phase, s->gauge->now_us(s->gauge->arg));
}

/* ---- next steps ----------------------------------------------------------------------- */

static void phase_over(struct session *s)
{
	uint64_t status;
	enum frame_how how = phase_close(&s->phase, &status);

	if (s->job.asked.flags & JOB_TESTS)
		tests_phase_over(s, how, status);
	else
		job_phase_over(s, how, status);
}

void session_step(struct session *s)
{
	if (s->x->pending)
		session_events(s);
	if (s->state != SESSION_PHASE)
		return;
	phase_step(&s->phase);
	if (s->phase.state == PHASE_OVER)
		phase_over(s);
}

bool session_busy(const struct session *s)
{
	bool ending = s->phase.state == PHASE_DRAINING || s->phase.state == PHASE_FLUSHING;

	return s->x->pending || (ending && outbox_room(&s->out));
}

/* Makes what the next job needs, then reports READY. */
void session_get_ready(struct session *s)
{
	char text[INIT_TEXT];
	int r;

	if (s->state != SESSION_IDLE || s->ready_sent || s->box_used || s->unplaced)
		return;
	s->x = s->cells ? s->cells : s->bare;
	r = s->x->ops->prepare(s->x, text);
	if (r < 0)
		init_fail(s->fatal, "no cell: %.400s", text);
	if (r <= 0)
		return;
	s->ready_sent = true;
	outbox_frame(&s->out, FRAME_READY, STREAM_NONE, NULL, 0);
}

bool session_reads_files(const struct session *s)
{
	return s->state == SESSION_SNAPSHOT || (s->state == SESSION_COLLECTING && outbox_room(&s->out));
}

/* A test's START, its output, its END and NEXT usually fit into one message if START waits a
 * moment for the others: one message costs the engine as much as all four frames. A line that is written in two pieces
 * ("36" and its newline) becomes one piece, and so one event. */
static int64_t hold_time(const struct session *s)
{
	bool runs = s->state == SESSION_PHASE && phase_live(&s->phase);

	if (runs && s->phase.id == PHASE_RUN && s->job.asked.flags & JOB_TESTS)
		return HOLD_US;
	return runs && outbox_half_line(&s->out) ? HALF_LINE_US : 0;
}

static bool holds_back(struct session *s)
{
	int64_t now, us = hold_time(s);

	if (!s->out.len || !us || !outbox_room(&s->out)) {
		s->held_until = 0;
		return false;
	}
	now = s->gauge->now_us(s->gauge->arg);
	if (!s->held_until)
		s->held_until = now + us;
	if (now < s->held_until)
		return true;
	s->held_until = 0;
	return false;
}

void session_flush(struct session *s)
{
	if (!holds_back(s) && outbox_flush(&s->out))
		s->runner_gone = true;
	if (s->out.overflow)
		init_fail(s->fatal, "the queue to the runner overflows: a bug, or a peer that does not read");
}

int64_t session_deadline(const struct session *s)
{
	int64_t t = phase_deadline(&s->phase);

	return s->held_until && s->held_until < t ? s->held_until : t;
}

/* ---- its beginning and end ---------------------------------------------------------------- */

static void send_hello(struct session *s, uint32_t maker)
{
	static const char build[] = CEE_VERSION;
	struct frame_hello h = { .version = FRAME_VERSION,
				 .flags = s->cells ? HELLO_CELLS | maker << HELLO_MAKER : 0,
				 .build = build,
				 .build_len = sizeof build - 1 };
	struct payload p;

	if (!frame_pack_hello(&p, &h))
		outbox_payload(&s->out, FRAME_HELLO, &p);
}

void session_init(struct session *s, int out_fd, const struct gauge *g, struct executor *cells, struct executor *bare,
		  uint32_t maker)
{
	s->state = SESSION_IDLE;
	s->gauge = g;
	s->cells = cells;
	s->bare = bare;
	s->x = cells ? cells : bare;
	s->out.fd = out_fd;
	s->collector.fd = s->snapshot.fd = -1;
	frame_parser_init(&s->parser);
	phase_init(&s->phase, &s->out, g);
	private_memory(s->out.data, sizeof s->out.data);
	private_memory(s->phase.input.data, sizeof s->phase.input.data);
	private_memory(s->bytes, sizeof s->bytes);
	private_memory(s->parser.buf, sizeof s->parser.buf);
	private_memory(s->collector.parser.buf, sizeof s->collector.parser.buf);
	s->unplaced = cells && maker;
	send_hello(s, maker);
}

void session_release(struct session *s)
{
	phase_abort(&s->phase);
	collector_close(&s->collector);
	snapshot_close(&s->snapshot);
	tail_release(&s->phase.output.tail);
}
