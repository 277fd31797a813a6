/* test_session.c - the course of a job of many tests (JOB_TESTS) (test_session.h)
 *
 * Each test has a place of its own, which begins with the compile phase's files. The next cell is
 * made while the last one is destroyed and the runner answers NEXT.
 */
#include "init/test_session.h"

#include "base/fd.h"
#include "init/job_end.h"
#include "init/job_steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void next_test(struct session *s)
{
	struct disk_room room = { .disk = s->job.asked.disk,
				  .inodes = s->job.asked.inodes,
				  .terminal = s->job.asked.flags & JOB_TTY,
				  .layers = s->job.asked.flags & JOB_LAYERS };
	char text[INIT_TEXT];

	outbox_frame(&s->out, FRAME_NEXT, STREAM_NONE, NULL, 0);
	if (outbox_flush(&s->out))
		s->runner_gone = true;
	session_enter(s, SESSION_NEXT);
	s->job.filled = false;
	memset(s->job.set, 0, sizeof s->job.set);
	memset(s->job.in_force, 0, sizeof s->job.in_force);
	if (s->x->ops->renew(s->x, &room, &s->snapshot, text))
		job_fail(s, "%s", text);
}

/* ---- the snapshot ------------------------------------------------------------------ */

/* The compile phase's END waits until its files are kept. */
void tests_take_snapshot(struct session *s)
{
	struct collect_request what = { .everything = 1, .files = s->job.asked.inodes, .bytes = s->job.asked.disk };
	struct phase_plan plan = job_phase_plan(s, PHASE_RUN);
	char text[INIT_TEXT];
	int pipe[2];

	if (!s->job.set[PHASE_COMPILE] && phase_prepare(&s->phase, &plan, text)) {
		job_fail(s, "%s", text);
		return;
	}
	session_enter(s, SESSION_SNAPSHOT);
	if (snapshot_open(&s->snapshot) || collector_open(&s->collector, &pipe[1])) {
		job_fail(s, "the files of the compile phase cannot be kept: %s", strerror(errno));
		return;
	}
	pipe[0] = s->collector.fd;
	if (s->x->ops->collect(s->x, &what, pipe, text))
		job_fail(s, "the files of the compile phase cannot be kept: %s", text);
	close_ptr(&pipe[1]);
}

static void keep(void *arg, const struct frame *f)
{
	snapshot_add(arg, f);
}

/* A file that cannot be kept was made by the compiler or by a process that it started, so the
 * compile phase has failed. */
static void compile_failed(struct session *s)
{
	char text[INIT_TEXT + 64];
	int n = snprintf(text, sizeof text, "cee: cannot be kept for the tests: %s\n", s->snapshot.problem);

	outbox_frame(&s->out, FRAME_OUT, STREAM_COMPILE, text, (size_t)n);
	phase_send_end(&s->phase, END_DISK_LIMIT, END_SIGNAL);
	job_done(s);
}

static void snapshot_taken(struct session *s)
{
	bool compiled = s->job.set[PHASE_COMPILE];

	snapshot_seal(&s->snapshot);
	if (!s->collector.done) {
		job_fail(s, "the cell ended while its files were taken");
	} else if (*s->snapshot.problem && compiled) {
		compile_failed(s);
	} else if (*s->snapshot.problem) {
		job_fail(s, "the job's files: %s", s->snapshot.problem);
	} else {
		if (compiled)
			phase_send_end(&s->phase, END_EXITED, 0);
		next_test(s);
	}
}

void tests_read_files(struct session *s)
{
	if (!collector_read(&s->collector, keep, &s->snapshot))
		snapshot_taken(s);
}

/* ---- a test -------------------------------------------------------------------------- */

void tests_take_test(struct session *s)
{
	input_reset_early(&s->phase.input, TEST_STDIN);
	session_enter(s, SESSION_TEST);
}

void tests_start_if_ready(struct session *s)
{
	if (s->state != SESSION_GO || !s->job.filled)
		return;
	s->x->ops->settle(s->x); /* so that never more than one test's processes are in the box */
	job_start_phase(s, PHASE_RUN);
}

void tests_phase_over(struct session *s, enum frame_how how, uint64_t status)
{
	if (s->phase.id == PHASE_COMPILE && how == END_EXITED && !status && !s->job.killed) {
		tests_take_snapshot(s);
		return;
	}
	phase_send_end(&s->phase, how, status);
	if (s->job.killed || s->phase.id == PHASE_COMPILE)
		job_done(s);
	else
		next_test(s);
}
