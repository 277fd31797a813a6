/* finish.c - the end of a run: a verdict and the steps that write it to disk, or a return to new/
 *
 * A verdict is set only in run_verdict and always takes the steps after it: result
 * written, synced, published (that rename alone ends the job), the directory synced, the job file retired. A step
 * that fails for lack of room is retried each second, with the same verdict.
 *
 * A failure of cee itself is rerun, as often as the job allows, but only when the box of this attempt is certainly
 * gone: no job runs twice at once.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "job/job.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/compilers.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/run/collect_files.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "runner/run/run_state.h"
#include "runner/run/stdin_pump.h"
#include "runner/run/test_runs.h"
#include "spool/attempt.h"
#include "spool/cancel.h"
#include "spool/claim.h"
#include "spool/registration.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_US = 1000000 };

/* ---- the end of a run ------------------------------------------------------------- */

void run_free(struct run *r)
{
	assert(!r->sync.submitted);
	job_release(&r->job);
	result_release(&r->result);
	spool_attempt_release(&r->files);
	tests_release(&r->tests);
	stdin_pump_release(&r->stdin_pump);
	close_ptr(&r->layer);
	free(r->trouble);
	free(r->labels);
	free(r);
}

static void free_later(void *p)
{
	run_free(p);
}

/* At the verdict, when the box is given back, or when the job is put back. Programs that still run in a box that is
 * being removed are not waited for. */
static void unpin(struct run *r)
{
	pin_give(r->all->parts.pin, r->pinned);
	r->pinned = -1;
}

void run_drop_compile(struct run *r)
{
	struct compile *c = r->compile;

	r->compile = NULL;
	compilers_forget(r->all->parts.compilers, c);
	layer_builds_forget(r->all->parts.layer_builds, r->layer_waiter);
	r->layer_waiter = NULL;
}

/* The box may be reused if its job ended properly or was never sent. */
static void give_box(struct run *r)
{
	struct box *b = r->box;

	if (!b)
		return;
	r->box = NULL;
	b->gone = NULL;
	if (!run_state_sent(r->state))
		pool_unused(r->all->parts.pool, b);
	else if (r->clean)
		pool_give(r->all->parts.pool, b);
	else
		box_remove(b);
}

static void drop(struct run *r)
{
	struct runs *rs = r->all;
	struct run **p = &rs->first;

	run_enter(r, RUN_GONE);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	unpin(r);
	run_drop_compile(r);
	loop_doom(rs->parts.loop, free_later, r);
	rs->ops.ended(rs->ops.arg);
}

static void retry(struct run *r, const char *what)
{
	log_event("job", "owner", r->owner, "id", r->id, "trouble", what, "reason", strerror(errno), "remedy",
		  "tried again each second", NULL);
	run_deadline(r, RETRY_US);
}

/* ---- a verdict, step by step --------------------------------------------------------- */

static void synced(void *arg, int err)
{
	struct run *r = arg;

	if (r->state == RUN_PUBLISHED) {
		run_enter(r, RUN_RETIRING);
		run_step(r);
	} else if (err) {
		run_enter(r, RUN_VERDICT);
		errno = err;
		retry(r, "the result cannot be synced");
	} else {
		run_enter(r, RUN_SYNCED);
		run_step(r);
	}
}

static void submit_sync(struct run *r, enum run_state s, const int *fds, int n)
{
	assert(!r->sync.submitted);
	r->sync = (struct sync_request){ .n = n, .done = synced, .arg = r };
	memcpy(r->sync.fd, fds, (size_t)n * sizeof(*fds));
	run_enter(r, s);
	sync_submit(r->all->parts.sync, &r->sync);
}

static void write_result(struct run *r)
{
	const int fds[SYNC_FDS] = { r->files.out,    r->files.err,	   r->files.index,
				    r->files.result, r->files.attempt_dir, r->files.dir,
				    r->tests.fd,     r->files.files,	   r->files.files_index };
	AUTO_FREE char *text = result_format(&r->result);

	if (tests_save(r) < 0) {
		retry(r, "the tests' lines cannot be written");
		return;
	}
	tests_close(r);
	if (!text || spool_result_write(&r->files, text, strlen(text)) < 0)
		retry(r, "the result cannot be written");
	else if (r->all->parts.durable)
		submit_sync(r, RUN_SYNCING, fds, SYNC_FDS);
	else
		run_enter(r, RUN_SYNCED);
}

static void publish(struct run *r)
{
	const int fds[] = { r->files.dir };

	if (spool_result_publish(&r->files) < 0) {
		retry(r, "the result cannot be published");
		return;
	}
	counters_job(r->all->parts.counters, &r->result, r->output.size[0] + r->output.size[1]);
	if (r->all->parts.durable)
		submit_sync(r, RUN_PUBLISHED, fds, 1);
	else
		run_enter(r, RUN_RETIRING);
}

static void retire(struct run *r)
{
	if (spool_job_retire(r->all->parts.runner, r->owner, r->id, r->attempt) < 0 && errno != ENOENT)
		retry(r, "the job file cannot be retired");
	else
		drop(r);
}

void run_step(struct run *r)
{
	if (r->state == RUN_VERDICT)
		write_result(r);
	if (r->state == RUN_SYNCED)
		publish(r);
	if (r->state == RUN_RETIRING)
		retire(r);
}

/* ---- a verdict -------------------------------------------------------------------------- */

int run_begin_log(struct run *r)
{
	int result = tests_open(r) < 0 ? -1 : spool_attempt_begin(&r->files);

	output_init(&r->output, &r->files);
	return result;
}

/* The job's own keep was compared with keep_max when it was admitted. */
static void set_expiry(struct run *r)
{
	int64_t keep = r->job.keep_us >= 0 ? r->job.keep_us : r->all->parts.config->conf.keep_us;

	if (keep >= 0 && keep < INT64_MAX - r->result.ended_us)
		r->result.expires_us = r->result.ended_us + keep;
}

void run_verdict(struct run *r, enum reason why, const char *message)
{
	struct runs *rs = r->all;

	if (run_has_verdict(r))
		return;
	r->result.why = why;
	free(r->result.message);
	r->result.message = message ? strdup(message) : NULL;
	r->result.ended_us = now_us();
	set_expiry(r);
	run_drop_compile(r);
	if (r->files.index < 0) /* the job had no box: write an empty log */
		run_begin_log(r);
	output_end(&r->output);
	files_end(&r->collected);
	r->result.dropped_by_disk = r->output.lost_total;
	give_box(r); /* the box is removed in the background: the verdict does not wait for it */
	unpin(r);
	run_enter(r, RUN_VERDICT);
	rs->ops.ended(rs->ops.arg); /* its place is free */
	run_step(r);
}

void run_killed(struct run *r, const char *message)
{
	if (r->session_end[0])
		run_verdict(r, REASON_SESSION_ENDED, r->session_end);
	else
		run_verdict(r, REASON_CANCELLED, message);
}

/* ---- back into new/ -------------------------------------------------------------------------- */

void run_put_back(struct run *r)
{
	struct spool_runner *runner = r->all->parts.runner;

	if (spool_cancel_wanted(runner->s, r->owner, r->id))
		run_verdict(r, REASON_CANCELLED, "cancelled before it was run again");
	else if (spool_requeue(runner, r->owner, r->id, r->attempt) < 0)
		retry(r, "the job cannot be put back");
	else
		drop(r);
}

void run_box_gone(struct run *r)
{
	r->box = NULL;
	run_put_back(r);
}

static void on_gone(void *arg)
{
	run_box_gone(arg);
}

void run_requeue(struct run *r)
{
	run_drop_compile(r);
	counters_rerun(r->all->parts.counters);
	run_enter(r, RUN_RERUN);
	if (r->box)
		box_remove_then(r->box, on_gone, r);
	else
		run_put_back(r);
}

void run_failed(struct run *r, enum reason why, const char *message)
{
	if (r->state == RUN_RERUN || run_has_verdict(r))
		return;
	if (r->state == RUN_KILLED)
		run_killed(r, NULL);
	else if (r->attempt <= r->job.retries)
		run_requeue(r);
	else
		run_verdict(r, why, message);
}
