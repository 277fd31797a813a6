/* phase.c - one program of a job, from START to END (phase.h)
 *
 *   over ── start ──> starting ── started ──> running ── ended ──> draining ──> flushing ──> over
 *                        │                       │                    ^
 *                        ├──────── kill ─────────┴──> killed ── ended ┤
 *                        └───────────────── ended or lost ────────────┘
 *
 * From everywhere: abort ──> over.
 *
 * Rules it keeps:
 * - enter() is the only writer of the state, and checks the table.
 * - A program is killed once, for one reason; when the executor does not answer within
 *   KILL_GRACE, its cell or box is destroyed.
 * - While the outbox has no room the program's pipes are not read: the program waits.
 */
#include "init/phase.h"

#include "base/fd.h"
#include "base/state_step.h"
#include "init/phase_verdict.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum {
	KILL_GRACE = 5 * 1000 * 1000, /* us until the supervisor itself is killed */
	FIRST_TICK = 2000,	      /* us after the start */
};

/* From a state, the set of those that may follow. */
static const unsigned char follows[PHASE_STATES] = {
	[PHASE_OVER] = 1 << PHASE_STARTING | 1 << PHASE_OVER,
	[PHASE_STARTING] = 1 << PHASE_RUNNING | 1 << PHASE_KILLED | 1 << PHASE_DRAINING | 1 << PHASE_OVER,
	[PHASE_RUNNING] = 1 << PHASE_KILLED | 1 << PHASE_DRAINING | 1 << PHASE_OVER,
	[PHASE_KILLED] = 1 << PHASE_DRAINING | 1 << PHASE_OVER,
	[PHASE_DRAINING] = 1 << PHASE_FLUSHING | 1 << PHASE_OVER,
	[PHASE_FLUSHING] = 1 << PHASE_OVER,
};

static bool enter(struct phase *p, enum phase_state to)
{
	if (!state_step("phase", follows[p->state], p->state, to))
		return false; /* an event that comes too late */
	p->state = to;
	return true;
}

void phase_init(struct phase *p, struct outbox *out, const struct gauge *g)
{
	static const uint64_t no_limit[LIMIT_COUNT] = { [0 ... LIMIT_COUNT - 1] = LIMIT_NONE };

	p->state = PHASE_OVER;
	p->id = PHASE_COMPILE;
	p->reason = NO_REASON;
	p->started_us = p->kill_by = 0;
	p->tty = -1;
	p->out = out;
	p->gauge = g;
	p->x = NULL;
	phase_limits_init(&p->limits, g, NULL, no_limit);
	input_reset(&p->input);
	p->output.npipes = 0;
	for (int i = 0; i < 2; i++)
		p->output.pipe[i].fd = -1;
	p->output.gather_until = 0;
	p->output.tail = (struct tail){ 0 };
}

bool phase_live(const struct phase *p)
{
	return p->state == PHASE_STARTING || p->state == PHASE_RUNNING || p->state == PHASE_KILLED;
}

/* ---- start ------------------------------------------------------------------- */

/* The compiler has one stream, so one pipe, and its order is exact. */
int phase_prepare(struct phase *p, const struct phase_plan *plan, char *text)
{
	bool compile = plan->id == PHASE_COMPILE;
	int64_t room = p->limits.room;
	struct output_config c = { .stream = { compile ? STREAM_COMPILE : STREAM_OUT, STREAM_ERR },
				   .pipes = compile || plan->flags & (JOB_MERGE | JOB_TTY) ? 1 : 2,
				   .stop = plan->flags & JOB_STOP_ON_OUTPUT,
				   .phrases = compile };

	p->id = plan->id;
	p->x = plan->x;
	p->reason = NO_REASON;
	p->started_us = p->kill_by = 0;
	p->tty = -1;
	p->ended = (struct ended){ 0 };
	phase_limits_init(&p->limits, p->gauge, plan->x, plan->limit);
	p->limits.job_cgroup = plan->job_cgroup;
	p->limits.room = room; /* the runner keeps it from phase to phase */
	if (!plan->early_input)
		input_reset(&p->input);
	c.limit = (uint64_t)phase_limit(&p->limits, LIMIT_OUTPUT);
	return output_reset(&p->output, &c) ? init_fail(text, "no memory for the end of the output") : 0;
}

static void send_room(struct phase *p)
{
	uint64_t bytes;
	struct payload packed;

	if (!phase_limits_room(&p->limits, &bytes) || !outbox_room(p->out))
		return;
	frame_pack_gap(&packed, bytes);
	outbox_payload(p->out, FRAME_ROOM, &packed);
}

static int open_pipes(struct phase *p, const struct phase_plan *plan, int theirs[3], char *text)
{
	bool tty = plan->id == PHASE_RUN && plan->flags & JOB_TTY;
	struct program_pipes pipes;
	int r;

	r = tty ? program_tty(&pipes, &plan->size, theirs)
		: program_pipes(&pipes, plan->id == PHASE_RUN, p->output.npipes, theirs);
	if (r)
		init_fail(text, "%s: %s", tty ? "terminal" : "pipes", strerror(errno));
	p->tty = pipes.tty;
	input_open(&p->input, pipes.input, pipes.tty);
	for (int i = 0; i < 2; i++)
		p->output.pipe[i].fd = pipes.output[i];
	return r;
}

static void give_credit(struct phase *p)
{
	uint32_t more;

	if (!p->started_us || !phase_live(p) || p->id != PHASE_RUN || !outbox_room(p->out))
		return;
	more = input_credit(&p->input);
	if (more)
		outbox_number(p->out, FRAME_CREDIT, more);
}

static void write_input(struct phase *p)
{
	input_write(&p->input);
	give_credit(p);
}

int phase_start(struct phase *p, const struct phase_plan *plan, char *text)
{
	struct start s = { .phase = plan->id, .cpu = plan->cpu };
	int theirs[3], r;

	if (phase_prepare(p, plan, text))
		return -1;
	enter(p, PHASE_STARTING);
	outbox_number(p->out, FRAME_START, plan->id);
	r = open_pipes(p, plan, theirs, text);
	if (!r) {
		phase_limits_begin(&p->limits, plan->own_shared);
		send_room(p);
		if (plan->early_input)
			/* writes the input that has already arrived, so that the program need not
			 * wait */
			write_input(p);
		s.nproc = phase_limits_processes(&p->limits);
		r = p->x->ops->start(p->x, &s, theirs, text);
	}
	for (int i = 0; i < 3; i++)
		close_ptr(&theirs[i]);
	return r;
}

/* ---- events -------------------------------------------------------------------- */

void phase_started(struct phase *p, int64_t at)
{
	if (!phase_live(p))
		return;
	p->started_us = at;
	p->limits.next_at = at + FIRST_TICK;
	enter(p, PHASE_RUNNING); /* refused when the phase was killed meanwhile */
	write_input(p);
}

void phase_ended(struct phase *p, const struct ended *e)
{
	if (enter(p, PHASE_DRAINING))
		p->ended = *e;
}

/* The place died: killed by the kernel, or because of the program itself. */
void phase_lost(struct phase *p, const struct ended *e)
{
	if (!enter(p, PHASE_DRAINING))
		return;
	p->ended = (struct ended){ .status = SIGKILL,
				   .cpu_us = e->cpu_us,
				   .maxrss = e->maxrss,
				   .wall_us = p->started_us ? p->gauge->now_us(p->gauge->arg) - p->started_us : 0 };
}

void phase_kill(struct phase *p, int reason)
{
	if (!enter(p, PHASE_KILLED))
		return;
	p->reason = reason;
	p->kill_by = p->gauge->now_us(p->gauge->arg) + KILL_GRACE;
	p->x->ops->kill(p->x);
}

static void close_all(struct phase *p)
{
	output_close(&p->output);
	input_close(&p->input);
	close_ptr(&p->tty);
}

void phase_abort(struct phase *p)
{
	close_all(p);
	p->limits.oom_kills = 0;
	enter(p, PHASE_OVER);
}

bool phase_input(struct phase *p, const void *data, size_t len)
{
	if (!input_add(&p->input, data, len, phase_live(p)))
		return false;
	if (phase_live(p))
		write_input(p);
	return true;
}

void phase_input_end(struct phase *p)
{
	p->input.ended = true;
	if (phase_live(p))
		write_input(p);
}

void phase_resize(struct phase *p, const struct tty_size *size)
{
	if (phase_live(p))
		program_tty_resize(p->tty, size);
}

bool phase_reads(struct phase *p, int64_t now)
{
	if (p->output.gather_until && now >= p->output.gather_until)
		p->output.gather_until = 0;
	return phase_live(p) && outbox_room(p->out) && !p->output.gather_until;
}

void phase_read(struct phase *p, size_t i, bool both)
{
	output_read(&p->output, i, both, p->out, p->gauge->now_us(p->gauge->arg));
	if (p->output.over)
		phase_kill(p, END_OUTPUT_LIMIT);
}

/* ---- time ------------------------------------------------------------------------ */

void phase_tick(struct phase *p, int64_t now)
{
	int64_t wall = phase_limit(&p->limits, LIMIT_WALL);
	int reason;

	if (p->state == PHASE_KILLED && now >= p->kill_by) {
		p->x->ops->destroy(p->x);
		p->kill_by = now + KILL_GRACE;
	}
	if (p->state != PHASE_RUNNING)
		return;
	if (now - p->started_us >= wall) {
		phase_limits_exceed(&p->limits, LIMIT_WALL);
		phase_kill(p, END_WALL_LIMIT);
		return;
	}
	if (now < p->limits.next_at)
		return;
	reason = phase_limits_check(&p->limits, now, p->started_us, p->output.tail.touched);
	send_room(p);
	if (reason != NO_REASON)
		phase_kill(p, reason);
}

int64_t phase_deadline(const struct phase *p)
{
	int64_t wall = phase_limit(&p->limits, LIMIT_WALL), t = INT64_MAX;

	if (!phase_live(p))
		return INT64_MAX;
	if (p->output.gather_until)
		t = p->output.gather_until;
	if (p->state == PHASE_KILLED)
		return p->kill_by < t ? p->kill_by : t;
	if (p->state == PHASE_STARTING)
		return t;
	if (p->limits.next_at < t)
		t = p->limits.next_at;
	return wall < t - p->started_us ? p->started_us + wall : t;
}

/* ---- end ---------------------------------------------------------------------------- */

void phase_step(struct phase *p)
{
	bool more = true;

	if (phase_live(p))
		write_input(p);
	while (more && p->state == PHASE_DRAINING && outbox_room(p->out)) {
		more = false;
		for (size_t i = 0; i < p->output.npipes; i++)
			more |= output_read(&p->output, i, true, p->out, p->gauge->now_us(p->gauge->arg));
	}
	if (p->state == PHASE_DRAINING && !more)
		enter(p, PHASE_FLUSHING);
	if (p->state == PHASE_FLUSHING && output_send_tail(&p->output, p->out))
		enter(p, PHASE_OVER);
}

/* Of a compile that has failed. */
static void take_phrases(struct phase *p)
{
	const bool *found = p->output.phrases.found;

	if (found[PHRASE_NO_SPACE])
		phase_limits_exceed(&p->limits, LIMIT_DISK);
	if (found[PHRASE_FILE_SIZE] || found[PHRASE_FILE_TOO_LARGE])
		phase_limits_exceed(&p->limits, LIMIT_FILE_SIZE);
}

enum frame_how phase_close(struct phase *p, uint64_t *status)
{
	struct phase_facts f = { .status = p->ended.status, .reason = p->reason };
	enum frame_how how;

	phase_limits_finish(&p->limits, &p->ended);
	send_room(p);
	f.oom_kills = p->limits.oom_kills > 0;
	f.over_memory = p->limits.over_memory;
	if (f.status)
		take_phrases(p);
	f.exceeded = p->limits.exceeded;
	how = phase_verdict(&f, &p->limits.exceeded);
	*status = (uint64_t)(WIFEXITED(f.status) ? WEXITSTATUS(f.status) : END_SIGNAL + WTERMSIG(f.status));
	close_all(p);
	return how;
}

void phase_send_end(const struct phase *p, enum frame_how how, uint64_t status)
{
	bool process = !p->limits.counted && p->ended.maxrss > p->limits.peak;
	struct frame_end e = {
		.phase = p->id,
		.how = how,
		.status = status,
		.cpu_us = (uint64_t)p->ended.cpu_us,
		.wall_us = (uint64_t)p->ended.wall_us,
		.peak = (uint64_t)(process ? p->ended.maxrss : p->limits.peak),
		.peak_how = !process,
		.oom_kills = (uint64_t)p->limits.oom_kills,
		.exceeded = p->limits.exceeded | (uint64_t)(p->output.dropped > 0) << LIMIT_OUTPUT,
		.out_bytes = p->output.pipe[0].bytes,
		.err_bytes = p->output.npipes > 1 ? p->output.pipe[1].bytes : 0,
		.dropped = p->output.dropped,
	};
	struct payload packed;

	frame_pack_end(&packed, &e);
	outbox_payload(p->out, FRAME_END, &packed);
}
