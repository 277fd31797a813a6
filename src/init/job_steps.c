/* job_steps.c - the steps of a job: its phases in order, then collecting its files (job_steps.h) */
#include "init/job_steps.h"

#include "base/fd.h"
#include "init/job_end.h"

#include <errno.h>
#include <string.h>

void job_start_phase(struct session *s, uint32_t id)
{
	struct phase_plan plan;
	char text[INIT_TEXT];

	if (s->job_cgroup && !s->job.in_force[id]) {
		s->job.waiting = id;
		session_enter(s, SESSION_LIMIT);
		return;
	}
	plan = job_phase_plan(s, id);
	session_enter(s, SESSION_PHASE);
	if (phase_start(&s->phase, &plan, text))
		job_fail(s, "%s", text);
}

/* ---- files that are collected --------------------------------------------------- */

void job_end_collecting(struct session *s)
{
	struct frame_left left = { .reason = LEFT_SEARCH };
	struct payload p;

	if (!s->collector.done && !frame_pack_left(&p, &left))
		outbox_payload(&s->out, FRAME_LEFT, &p);
	job_done(s);
}

static void pass_on(void *arg, const struct frame *f)
{
	struct session *s = arg;

	outbox_frame(&s->out, f->type, STREAM_NONE, f->data, f->len);
}

void job_read_files(struct session *s)
{
	if (!collector_read(&s->collector, pass_on, s))
		job_end_collecting(s);
}

/* Called when every process of the job is dead and the job's cell or box still exists. */
static void end_phases(struct session *s)
{
	struct collect_request what = { .files = s->job.asked.collect_files, .bytes = s->job.asked.collect_bytes };
	char text[INIT_TEXT];
	int pipe[2];

	if (!s->job.patterns) {
		job_done(s);
		return;
	}
	session_enter(s, SESSION_COLLECTING);
	if (collector_open(&s->collector, &pipe[1])) {
		job_end_collecting(s);
		return;
	}
	pipe[0] = s->collector.fd;
	if (s->x->ops->collect(s->x, &what, pipe, text)) /* the files of a dead cell are lost */
		job_end_collecting(s);
	close_ptr(&pipe[1]);
}

/* ---- phases ------------------------------------------------------------------------ */

void job_next_phase(struct session *s)
{
	while (s->job.next_phase < PHASE_COUNT && !s->job.set[s->job.next_phase])
		s->job.next_phase++;
	if (s->job.next_phase >= PHASE_COUNT) {
		end_phases(s);
	} else if (s->job.killed) {
		job_send_killed(s, s->job.next_phase);
		end_phases(s);
	} else {
		job_start_phase(s, s->job.next_phase++);
	}
}

void job_phase_over(struct session *s, enum frame_how how, uint64_t status)
{
	phase_send_end(&s->phase, how, status);
	if (s->phase.id == PHASE_COMPILE && (how != END_EXITED || status))
		s->job.next_phase = PHASE_COUNT;
	job_next_phase(s);
}
