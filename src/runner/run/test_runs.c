/* test_runs.c - the tests of a run: one after another, compared here
 *
 *     NEXT ──> TEST PHASE ARG ENV GO, its STDIN ──> OUT … END ──> a line in N/tests ──> NEXT …
 *     NEXT, and no test is left or the last one failed and ends the run ──> FINISH
 *
 * Rules it keeps:
 * - What is expected never leaves this process, and of the tests one alone is in the box:
 *   the next is sent when the last one's program and all that it left are gone.
 * - A line that does not fit on the disk is kept and written later; the result waits for it.
 * - A test that ends by an internal failure gets no line: the job is rerun from its start.
 */
#include "runner/run/test_runs.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/testhook.h"
#include "engine/attach.h"
#include "job/compare.h"
#include "job/job_tests.h"
#include "job/result.h"
#include "job/test_result.h"
#include "runner/core/log.h"
#include "runner/box/box_limit.h"
#include "runner/run/run_internal.h"
#include "runner/run/send_job.h"
#include "runner/run/verdict.h"
#include "spool/attempt.h"
#include "wire/frame.h"
#include "wire/frame_types.h"
#include "wire/payload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


enum {
	FILE_EXTRA = 2048, /* maximum overhead of a file in the snapshot, in bytes */
	LINE_ROOM = 1536,  /* bytes of the disk reserved for each line; few are longer */
};

void tests_init(struct tests *t)
{
	memset(t, 0, sizeof(*t));
	t->fd = -1;
}

void tests_release(struct tests *t)
{
	close_ptr(&t->fd);
	buf_release(&t->unsaved);
	tests_init(t);
}

int tests_open(struct run *r)
{
	struct tests *t = &r->tests;

	if (r->job.ntests && t->fd < 0)
		t->fd = spool_attempt_tests(&r->files, (int64_t)r->job.ntests * LINE_ROOM);
	return r->job.ntests && t->fd < 0 ? -1 : 0;
}

/* ---- sizes -------------------------------------------------------------------- */

static void limits_of(const struct run *r, const struct job_test *t, struct limits *l)
{
	struct limits own = r->job.limits[PHASE_RUN];

	for (int i = 0; i < LIMIT_COUNT; i++)
		if (t->limits.v[i] >= 0)
			own.v[i] = t->limits.v[i];
	run_limits(r, PHASE_RUN, &own, l);
}

/* The snapshot of the files with which every test begins is in the box's memory, in addition to its disk. Without a
 * compile phase its size is known; a compiler may fill the disk. */
static int64_t kept_bytes(const struct run *r)
{
	int64_t disk = r->limits[PHASE_RUN].v[LIMIT_DISK], sum = (int64_t)r->job.code_len + FILE_EXTRA;

	for (size_t i = 0; i < r->job.nfiles; i++)
		sum += (int64_t)r->job.files[i].len + FILE_EXTRA;
	for (size_t i = 0; i < r->lang->nfiles; i++)
		sum += (int64_t)r->lang->files[i].len + FILE_EXTRA;
	return r->lang->ncompile || sum > disk ? disk : sum;
}

void tests_limits(const struct run *r, struct limits all[PHASE_COUNT])
{
	struct limits *most = &all[PHASE_RUN], l;

	memcpy(all, r->limits, sizeof(r->limits));
	for (size_t i = 0; i < r->job.ntests; i++) {
		limits_of(r, &r->job.tests[i], &l);
		for (int k = 0; k < LIMIT_COUNT; k++)
			if (l.v[k] > most->v[k])
				most->v[k] = l.v[k];
	}
	if (r->job.ntests)
		most->v[LIMIT_MEMORY] += kept_bytes(r);
}

/* ---- sending one ------------------------------------------------------------------- */

/* Sends as much input as the credit allows, and its end once. */
static int send_input(struct run *r)
{
	struct tests *t = &r->tests;
	size_t left = t->input_len - t->sent, n = left < t->credit ? left : t->credit;

	if (n && attach_send(&r->box->attach, FRAME_STDIN, t->input + t->sent, n) < 0)
		return -1;
	t->sent += n;
	t->credit -= n;
	if (t->sent < t->input_len || t->input_ended)
		return 0;
	t->input_ended = true;
	return attach_send(&r->box->attach, FRAME_STDIN_END, NULL, 0);
}

void tests_credit(struct run *r, const struct frame *f)
{
	uint32_t bytes;

	if (!r->tests.now || !frame_unpack_number(f->data, f->len, &bytes))
		return;
	r->tests.credit += bytes;
	if (send_input(r) == 0)
		attach_flush(&r->box->attach);
}

/* Sends the test's settings, or the job's where the test has none. */
static int send_test(struct run *r, const struct job_test *j)
{
	struct tests *t = &r->tests;
	struct send_job order = run_to_send(r);
	struct payload number;

	t->now = j;
	t->input = j->stdin_data ? j->stdin_data : r->job.stdin_data;
	t->input_len = j->stdin_data ? j->stdin_len : r->job.stdin_len;
	t->sent = 0;
	t->credit = TEST_STDIN;
	t->input_ended = false;
	t->out_from = r->output.size[0];
	t->err_from = r->output.size[1];
	if (j->expected)
		compare_init(&t->compare, &r->job.compare, j->expected, j->expected_len);
	limits_of(r, j, &t->limits);
	frame_pack_number(&number, (uint32_t)t->next);
	if (attach_send(&r->box->attach, FRAME_TEST, number.data, number.len) < 0 ||
	    send_test_phase(&order, j, &t->limits) < 0)
		return -1;
	box_limit_set(r->box, PHASE_RUN, t->limits.v[LIMIT_MEMORY], t->next == 1 ? send_job_bytes(&order) : -1);
	return send_input(r);
}

int64_t tests_next(struct run *r)
{
	struct tests *t = &r->tests;

	if (t->now || t->finished)
		return 0;
	if (t->next == r->job.ntests || t->stop) {
		t->finished = true;
		attach_send(&r->box->attach, FRAME_FINISH, NULL, 0);
		attach_flush(&r->box->attach);
		return 0;
	}
	if (send_test(r, &r->job.tests[t->next++]) < 0)
		return -1;
	attach_flush(&r->box->attach);
	return t->limits.v[LIMIT_WALL];
}

/* ---- a test's output and its end ------------------------------------------------------ */

void tests_output(struct run *r, enum frame_stream s, const void *data, size_t len)
{
	struct tests *t = &r->tests;

	if (!t->now || !t->now->expected || s != STREAM_OUT)
		return;
	if (data)
		compare_feed(&t->compare, data, len);
	else
		compare_gap(&t->compare);
}

void tests_close(struct run *r)
{
	if (r->tests.fd >= 0)
		spool_attempt_tests_end(r->tests.fd, r->tests.size, (int64_t)r->job.ntests * LINE_ROOM);
}

int tests_save(struct run *r)
{
	struct tests *t = &r->tests;

	if (!t->unsaved.len)
		return 0;
	if (write_full(t->fd, t->unsaved.data, t->unsaved.len) < 0) {
		int err = errno;

		if (ftruncate(t->fd, t->size) < 0)
			return -1; /* an incomplete line remains in front of the next try; fsck reports it */
		errno = err;
		return -1;
	}
	t->size += (int64_t)t->unsaved.len;
	t->unsaved.len = 0;
	return 0;
}

static void add_line(struct run *r, const struct test_result *line)
{
	AUTO_FREE char *text = test_format(line);

	if (!text || buf_add(&r->tests.unsaved, text, strlen(text)) < 0 || tests_save(r) < 0)
		log_event("job", "owner", r->owner, "id", r->id, "trouble", "a test's line cannot be written yet",
			  "reason", strerror(errno), NULL);
}

/* The run phase of the result is the sum of all tests. */
static void add_figures(struct result_phase *sum, const struct result_phase *p)
{
	sum->ran = true;
	sum->cpu_us += p->cpu_us;
	sum->wall_us += p->wall_us;
	if (p->peak_bytes > sum->peak_bytes) {
		sum->peak_bytes = p->peak_bytes;
		sum->peak_how = p->peak_how;
	}
	sum->oom_kills += p->oom_kills;
	sum->exceeded |= p->exceeded;
	sum->out_bytes += p->out_bytes;
	sum->err_bytes += p->err_bytes;
	sum->dropped += p->dropped;
}

static void judge(struct tests *t, struct test_result *line)
{
	bool same;

	if (!t->now->expected)
		return;
	same = compare_end(&t->compare);
	line->ok = same && line->why == REASON_EXITED && line->phase.exit_code == 0;
	if (same)
		return;
	line->line = (int64_t)t->compare.line;
	line->expected = strdup(t->compare.expected.text);
	line->got = strdup(t->compare.got.text);
}

static void count(struct run *r, bool passed)
{
	struct result_tests *n = &r->result.tests;

	n->run++;
	if (passed)
		n->passed++;
	else
		n->failed++;
	r->tests.stop = !passed && r->job.first_failure;
	r->result.exit_code = r->result.phase[PHASE_RUN].exit_code = n->failed > 0;
	r->result.signal = 0;
}

bool tests_end(struct run *r, const struct frame *f)
{
	struct tests *t = &r->tests;
	struct test_result line;
	enum frame_phase phase;

	test_init(&line);
	if (!r->job.ntests || !verdict_phase(f, &phase, &line.phase, &line.why) || phase != PHASE_RUN)
		return false;
	if (!t->now || line.why == REASON_CANCELLED || line.why == REASON_INTERNAL_ERROR) {
		r->result.why = line.why;
		t->now = NULL;
		return true;
	}
	r->result.why = REASON_EXITED;
	line.number = (int)t->next;
	line.name = strdup(t->now->name);
	line.phase.limits = t->limits;
	line.out_from = t->out_from;
	line.err_from = t->err_from;
	line.out_to = r->output.size[0];
	line.err_to = r->output.size[1];
	judge(t, &line);
	add_figures(&r->result.phase[PHASE_RUN], &line.phase);
	count(r, test_passed(&line));
	add_line(r, &line);
	spool_hook("test-ended");
	test_release(&line);
	t->now = NULL;
	return true;
}

void tests_explain(const struct run *r, char *text, size_t size)
{
	const struct result_tests *n = &r->result.tests;
	int skipped = n->total - n->run, at;

	at = n->failed ? snprintf(text, size, "%d of %d tests failed", n->failed, n->total)
		       : snprintf(text, size, "all %d tests passed", n->total);
	if (skipped)
		snprintf(text + at, size - (size_t)at, ", %d not run", skipped);
}
