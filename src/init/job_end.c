/* job_end.c - ends a job: removes everything of the job and sends DONE (job_end.h) */
#include "init/job_end.h"

#include "init/relay.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* After the cell's end: no more passes. */
static void report_network(struct session *s)
{
	struct frame_network n;
	struct payload p;

	if (!s->relay)
		return;
	relay_report(s->relay, &n);
	frame_pack_network(&p, &n);
	outbox_payload(&s->out, FRAME_NETWORK, &p);
}

static void finish(struct session *s, uint32_t failed)
{
	phase_abort(&s->phase);
	collector_close(&s->collector);
	snapshot_close(&s->snapshot);
	s->x->ops->end(s->x);
	report_network(s);
	session_enter(s, SESSION_IDLE);
	outbox_number(&s->out, FRAME_DONE, failed);
}

void job_done(struct session *s)
{
	finish(s, 0);
}

void job_fail(struct session *s, const char *fmt, ...)
{
	char text[INIT_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	outbox_frame(&s->out, FRAME_TROUBLE, STREAM_NONE, text, strlen(text));
	if (s->state == SESSION_PHASE || s->state == SESSION_SNAPSHOT) {
		phase_abort(&s->phase);
		phase_send_end(&s->phase, END_TROUBLE, END_SIGNAL);
	}
	finish(s, 1);
}

struct phase_plan job_phase_plan(const struct session *s, uint32_t id)
{
	return (struct phase_plan){
		.id = id,
		.x = s->x,
		.limit = s->job.limit[id],
		.flags = s->job.asked.flags,
		.cpu = (uint32_t)(s->job.asked.cpu < UINT32_MAX ? s->job.asked.cpu : UINT32_MAX),
		.size = s->job.tty,
		.job_cgroup = s->job_cgroup && s->x == s->cells,
		.early_input = s->job.asked.flags & JOB_TESTS && id == PHASE_RUN,
		.own_shared = s->snapshot.size,
	};
}

void job_send_killed(struct session *s, uint32_t phase)
{
	struct phase_plan plan = job_phase_plan(s, phase);
	char text[INIT_TEXT];

	if (phase_prepare(&s->phase, &plan, text))
		init_fail(s->fatal, "%s", text);
	phase_send_end(&s->phase, END_KILLED, END_SIGNAL);
}
