/* run.c - a claimed job's state machine
 *
 *     CLAIMED → [PACKAGES → PACKED →] [COMPILING →] BOXED → EXECUTING → VERDICT → SYNCED → PUBLISHED → (gone)
 *                    └─────────────────────┴──────────┴────────┴→ RERUN → (back in new/)
 *
 * A verdict is reached in one place, run_verdict; the way out is one door,
 * the steps behind it: result written, synced, published (that rename alone
 * ends the job), the directory synced, the job file retired. A step that
 * fails for want of room is tried again each second: the verdict is kept.
 *
 * A failure of ours is rerun, as often as the job allows, but only when the
 * box of this attempt is gone for certain: nothing runs twice at once.
 *
 * COMPILING is for languages with a resident compiler (compiler.c): a compile box has the
 * sources while the job's own box is still asked for. What it cannot do is compiled in the
 * job's own box, the plain way, once and for all.
 *
 * PACKAGES is for a job with packages (packages.c): before anything is compiled, so that a
 * misspelt name costs no compile. Once they came the job waits for a place, without holding one.
 *
 * deliver.c sends the job, verdict.c reads what init says of a phase.
 */
#include "runner/run/run.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/testhook.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/language_argv.h"
#include "job/language_image.h"
#include "job/languages.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/compilers.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/queue/queue.h"
#include "runner/run/collect_files.h"
#include "runner/run/output.h"
#include "runner/run/run_internal.h"
#include "runner/run/test_runs.h"
#include "spool/attempt.h"
#include "spool/cancel.h"
#include "spool/claim.h"
#include "spool/index.h"
#include "spool/input.h"
#include "spool/registration.h"
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


#define COMPILER_SPOKE "the compiler's words are on stderr"

static const char *const state_text[RUN_STATE_COUNT] = {
#define S(id, name) [RUN_##id] = name,
	RUN_STATES(S)
#undef S
};

enum { LOG_LABELS = 256 }; /* bytes of labels in a line of the log, give or take one */

static const struct config *config;
static struct spool_runner *runner;
static bool durable;
static void (*on_end)(void), (*on_unknown)(void);
static struct run *runs;
static const struct run_parts *parts;

enum { COLLECT_US = 10 * 1000 * 1000, WAITING_FREE = 32 };

static void step(struct run *r);

void run_reconfigure(const struct config *c)
{
	config = c;
}
const struct config *run_config(void)
{
	return config;
}
const struct run_parts *run_parts(void)
{
	return parts;
}
void run_resumable(void)
{
	on_end();
}

void run_init(const struct run_parts *with, const struct config *c, struct spool_runner *sr, bool is_durable,
	      void (*end)(void), void (*unknown)(void))
{
	parts = with;
	on_unknown = unknown;
	config = c;
	runner = sr;
	durable = is_durable;
	on_end = end;
}

int run_count(void)
{
	int n = 0;

	for (struct run *r = runs; r; r = r->next)
		n++;
	return n;
}

static bool waits(const struct run *r)
{
	return r->state == RUN_PACKAGES || r->state == RUN_PACKED;
}

static int running(void)
{
	int n = 0;

	for (struct run *r = runs; r; r = r->next)
		n += r->state < RUN_VERDICT && !waits(r);
	return n;
}

/* A registry that is slow must not keep the places from jobs that want nothing of it; but what
 * is claimed takes descriptors, so not without end. */
int run_busy(void)
{
	int waiting = 0;

	for (struct run *r = runs; r; r = r->next)
		waiting += waits(r);
	return running() + (waiting > WAITING_FREE ? waiting - WAITING_FREE : 0);
}

void run_enter(struct run *r, enum run_state s)
{
	log_event("job", "owner", r->owner, "id", r->id, "attempt", log_number(r->attempt), "from",
		  state_text[r->state], "to", state_text[s], "why", s == RUN_VERDICT ? why_name[r->result.why] : NULL,
		  "message", s == RUN_VERDICT ? r->result.message : NULL, "group", r->job.group, "labels", r->labels,
		  NULL);
	r->state = s;
}

static void run_free(void *p)
{
	struct run *r = p;

	job_release(&r->job);
	result_release(&r->result);
	spool_attempt_release(&r->files);
	tests_release(&r->tests);
	feed_release(&r->feed);
	close_ptr(&r->layer);
	free(r->trouble);
	free(r->labels);
	free(r);
}

/* With its box: what still runs in one that is removed is not waited for. */
static void unpin(struct run *r)
{
	pin_give(parts->pin, r->pinned);
	r->pinned = -1;
}

static void run_drop(struct run *r)
{
	struct run **p = &runs;

	loop_timer(&r->timer, 0);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	unpin(r);
	layer_builds_forget(parts->layer_builds, r->packages);
	compilers_forget(parts->compilers, r->compile);
	if (r->box) {
		r->box->gone = NULL;
		box_remove(r->box);
	}
	loop_doom(parts->loop, run_free, r);
	on_end();
}

/* ---- the way out ------------------------------------------------------------- */

int run_begin_log(struct run *r)
{
	int result = tests_open(r) < 0 ? -1 : spool_attempt_begin(&r->files);

	output_init(&r->output, &r->files);
	return result;
}

/* What the job asked for was held against keep_max when it was checked. */
static void set_expiry(struct run *r)
{
	int64_t keep = r->job.keep_us >= 0 ? r->job.keep_us : config->conf.keep_us;

	if (keep >= 0 && keep < INT64_MAX - r->result.ended_us)
		r->result.expires_us = r->result.ended_us + keep;
}

static void drop_compile(struct run *r)
{
	struct compile *c = r->compile;

	r->compile = NULL;
	compilers_forget(parts->compilers, c);
	layer_builds_forget(parts->layer_builds, r->packages);
	r->packages = NULL;
}

void run_verdict(struct run *r, enum why why, const char *message)
{
	if (r->state >= RUN_VERDICT)
		return;
	drop_compile(r);
	r->result.why = why;
	free(r->result.message);
	r->result.message = message ? strdup(message) : NULL;
	r->result.ended_us = now_us();
	set_expiry(r);
	if (r->files.index < 0) /* it had no box: an empty log is a log all the same */
		run_begin_log(r);
	output_end(&r->output);
	files_end(&r->collected);
	r->result.dropped_by_disk = r->output.lost_total;
	if (r->box) { /* removed beside the way: nothing waits for a container to die */
		r->box->gone = NULL;
		if (r->state < RUN_EXECUTING)
			pool_unused(parts->pool, r->box);
		else if (r->clean)
			pool_give(parts->pool, r->box);
		else
			box_remove(r->box);
		r->box = NULL;
	}
	unpin(r);
	run_enter(r, RUN_VERDICT);
	step(r);
	on_end();
}

static void retry_step(struct run *r, const char *what)
{
	log_event("job", "owner", r->owner, "id", r->id, "trouble", what, "reason", strerror(errno), "remedy",
		  "the verdict is kept and tried again each second", NULL);
	loop_timer(&r->timer, mono_us() + 1000000);
}

static void write_result(struct run *r)
{
	AUTO_FREE char *text = result_format(&r->result);

	if (tests_save(r) < 0) {
		retry_step(r, "the tests' lines cannot be written");
		return;
	}
	tests_close(r);
	if (!text || spool_result_write(&r->files, text, strlen(text)) < 0) {
		retry_step(r, "the result cannot be written");
		return;
	}
	if (!durable) {
		run_enter(r, RUN_SYNCED);
		return;
	}
	r->sync = (struct sync_request){ .fd = { r->files.out, r->files.err, r->files.index, r->files.result,
						 r->files.attempt_dir, r->files.dir, r->tests.fd, r->files.files,
						 r->files.files_index },
					 .n = SYNC_FDS,
					 .done = r->sync.done,
					 .arg = r };
	sync_submit(parts->sync, &r->sync);
}

static void publish(struct run *r)
{
	if (spool_result_publish(&r->files) < 0) {
		retry_step(r, "the result cannot be published");
		return;
	}
	run_enter(r, RUN_PUBLISHED);
	counters_job(parts->counters, &r->result, r->output.size[0] + r->output.size[1]);
	if (!durable)
		return;
	r->sync = (struct sync_request){ .fd = { r->files.dir }, .n = 1, .done = r->sync.done, .arg = r };
	sync_submit(parts->sync, &r->sync);
}

static void retire(struct run *r)
{
	if (spool_job_retire(runner, r->owner, r->id, r->attempt) < 0 && errno != ENOENT) {
		retry_step(r, "the job file cannot be retired");
		return;
	}
	run_drop(r);
}

static void synced(void *arg, int err)
{
	struct run *r = arg;

	errno = err;
	if (err && r->state == RUN_VERDICT) {
		retry_step(r, "sync");
		return;
	}
	if (r->state == RUN_VERDICT) {
		run_enter(r, RUN_SYNCED);
		step(r);
	} else {
		retire(r);
	}
}

static void step(struct run *r)
{
	if (r->state == RUN_VERDICT)
		write_result(r);
	if (r->state == RUN_SYNCED) {
		publish(r);
		if (r->state == RUN_PUBLISHED && !durable)
			retire(r);
	} else if (r->state == RUN_PUBLISHED) {
		retire(r);
	}
}

static void box_gone_requeue(void *arg)
{
	struct run *r = arg;

	r->box = NULL;
	if (spool_cancel_wanted(runner->s, r->owner, r->id)) {
		run_verdict(r, WHY_CANCELLED, "cancelled before it was run again");
		return;
	}
	if (spool_requeue(runner, r->owner, r->id, r->attempt) < 0) {
		retry_step(r, "the job cannot be put back");
		return;
	}
	run_drop(r);
}

static void requeue(struct run *r)
{
	drop_compile(r);
	counters_rerun(parts->counters);
	run_enter(r, RUN_RERUN);
	if (r->box) {
		r->box->gone = box_gone_requeue;
		box_remove(r->box);
	} else {
		box_gone_requeue(r);
	}
}

/* A failure of ours: once more, or said to be ours. */
void run_failed(struct run *r, enum why why, const char *message)
{
	if (r->state >= RUN_RERUN)
		return;
	if (r->killed)
		run_verdict(r, WHY_CANCELLED, NULL);
	else if (r->attempt <= r->job.retries)
		requeue(r);
	else
		run_verdict(r, why, message);
}

static void timer_fired(struct timer *t)
{
	struct run *r = (struct run *)((char *)t - offsetof(struct run, timer));

	if (r->state == RUN_RERUN)
		box_gone_requeue(r);
	else if (r->state >= RUN_VERDICT)
		step(r);
	else if (r->killed)
		run_verdict(r, WHY_CANCELLED, "its box did not end it in time and was removed");
	else
		run_failed(r, WHY_INTERNAL_ERROR, "cee-init did not keep the job's deadline; the box was removed");
}

/* ---- what init says ------------------------------------------------------------ */

static void take_done(struct run *r, const struct frame *f)
{
	uint32_t failed;
	bool ours = !frame_unpack_number(f->data, f->len, &failed) || failed || r->result.why == WHY_INTERNAL_ERROR;
	const struct result_phase *compile = &r->result.phase[PHASE_COMPILE];
	char text[160];

	r->clean = !ours;
	if (r->killed || r->result.why == WHY_CANCELLED) {
		run_verdict(r, WHY_CANCELLED, NULL);
		return;
	}
	if (ours) {
		run_failed(r, WHY_INTERNAL_ERROR, r->trouble ? r->trouble : "cee-init could not run the job");
		return;
	}
	if (r->result.tests.run)
		tests_explain(r, text, sizeof(text));
	else
		verdict_explain(r, text, sizeof(text));
	if (compile->ran && verdict_program_failed(compile))
		run_verdict(r, WHY_COMPILE_ERROR,
			    text[0]	   ? text
			    : r->job.check ? "what the check found is on stderr"
					   : COMPILER_SPOKE);
	else
		run_verdict(r, r->result.why, text[0] ? text : NULL);
}

static void take_next(struct run *r)
{
	int64_t wall = r->killed ? 0 : tests_next(r);

	if (wall < 0)
		run_failed(r, WHY_INTERNAL_ERROR, "out of memory");
	else if (!r->killed)
		loop_timer(&r->timer, mono_us() + wall + config->conf.run_slack_us);
}

/* Until init says something more of the files: it searches for 3 s at most. Never sooner
 * than the deadline that there is: a compile phase's end is not yet the job's. */
static void await_collected(struct run *r)
{
	int64_t at = mono_us() + COLLECT_US + config->conf.run_slack_us;

	if (r->timer.at < at)
		loop_timer(&r->timer, at);
}

static void take_collected(struct run *r, const struct frame *f)
{
	if (files_frame(&r->collected, f) < 0)
		run_failed(r, WHY_INTERNAL_ERROR, "cee-init sent files that are not as it was told");
	else
		await_collected(r); /* what can come is bounded */
}

static void box_frame(void *arg, const struct frame *f)
{
	struct run *r = arg;
	uint32_t phase;
	uint64_t gap;

	switch (f->type) {
	case FRAME_OUT:
		if (f->stream >= STREAM_OUT && f->stream <= STREAM_COMPILE)
			output_add(&r->output, f->stream, f->data, f->len);
		tests_output(r, f->stream, f->data, f->len);
		break;
	case FRAME_GAP:
		if (frame_unpack_gap(f->data, f->len, &gap))
			output_gap(&r->output, f->stream, gap);
		tests_output(r, f->stream, NULL, 0);
		break;
	case FRAME_END:
		if (!tests_end(r, f))
			verdict_end(r, f);
		if (r->job.ncollect) /* a cancelled one is given that time too */
			await_collected(r);
		break;
	case FRAME_NEXT:
		take_next(r);
		break;
	case FRAME_FILE:
	case FRAME_DATA:
	case FRAME_LEFT:
		take_collected(r, f);
		break;
	case FRAME_CREDIT:
		if (r->job.ntests)
			tests_credit(r, f);
		else
			feed_credit(r, f);
		break;
	case FRAME_TROUBLE:
		free(r->trouble);
		r->trouble = strndup((const char *)f->data, f->len < 300 ? f->len : 300);
		break;
	case FRAME_DONE:
		take_done(r, f);
		break;
	case FRAME_START:
		r->began = true;
		if (frame_unpack_number(f->data, f->len, &phase) && phase == PHASE_RUN)
			r->feed.started = true;
		output_mark(&r->output, r->feed.started ? MARK_RUNNING : MARK_COMPILING);
		break;
	case FRAME_READY:
		break;
	case FRAME_HELLO:
	case FRAME_JOB:
	case FRAME_PHASE:
	case FRAME_ARG:
	case FRAME_ENV:
	case FRAME_GO:
	case FRAME_STDIN:
	case FRAME_STDIN_END:
	case FRAME_SIGNAL:
	case FRAME_KILL:
	case FRAME_COLLECT:
	case FRAME_WINDOW:
	case FRAME_TEST:
	case FRAME_FINISH:
	default:
		run_failed(r, WHY_INTERNAL_ERROR, "cee-init sent a frame that is not its to send");
	}
}

static void box_ready(void *arg)
{
	struct run *r = arg;
	int64_t wall = r->limits[PHASE_RUN].v[LIMIT_WALL];

	if (r->compile && !r->compiled)
		return;					   /* it waits for its program */
	if (!r->box->cells && boxes_cells(parts->boxes)) { /* never with less isolation than the host allows */
		run_failed(r, WHY_INTERNAL_ERROR, "its box could not build a cell, though this host allows them");
		return;
	}
	if (r->files.index < 0 && run_begin_log(r) < 0) {
		run_failed(r, WHY_INTERNAL_ERROR, "the spool has no room for the job's log");
		return;
	}
	if (r->job.ncollect)
		files_init(&r->collected, &r->files, &r->result.files, r->collect_files, r->collect_bytes);
	if ((r->lang->ncompile && !r->compile) || r->job.check)
		wall += r->limits[PHASE_COMPILE].v[LIMIT_WALL];
	r->result.cells = r->box->cells;
	r->result.box = strndup(r->box->container, 12);
	if (!r->result.started_us)
		r->result.started_us = now_us();
	r->result.processor = config->conf.pin ? pin_take(parts->pin) : -1;
	r->pinned = r->result.processor;
	run_enter(r, RUN_EXECUTING);
	loop_timer(&r->timer, mono_us() + wall + config->conf.run_slack_us);
	if (deliver_job(r) < 0) {
		run_failed(r, WHY_INTERNAL_ERROR, "out of memory");
		return;
	}
	spool_hook("job-sent");
	feed_look(r); /* an empty input ends at once */
}

static void box_ended(void *arg, enum box_end how, const char *reason)
{
	struct run *r = arg;
	char text[512];

	switch (how) {
	case BOX_OURS:
		run_failed(r, WHY_INTERNAL_ERROR, reason);
		break;
	case BOX_NO_IMAGE:
		snprintf(text, sizeof(text), "the image %s is not there: run cee-lang build %s", r->lang->image,
			 r->lang->name);
		run_verdict(r, WHY_REFUSED, r->lang->missing ? r->lang->missing : text);
		break;
	case BOX_DIED:
		if (!r->began) { /* no program of this job was there yet to do it */
			run_failed(r, WHY_BOX_DIED, reason);
			break;
		}
		run_verdict(r, r->killed ? WHY_CANCELLED : WHY_BOX_DIED, reason);
		break;
	}
}

static void get_box(struct run *r)
{
	struct limits limits[PHASE_COUNT];
	struct box_spec spec;

	tests_limits(r, limits);
	pool_spec(parts->pool, &spec, r->lang, limits, !r->compile);
	r->result.box_memory = spec.memory;
	r->box = pool_take(parts->pool, &spec, r->owner, &r->result.box_from);
	if (!r->box) {
		run_failed(r, WHY_INTERNAL_ERROR, "out of memory");
		return;
	}
	box_use(r->box, box_ready, box_frame, box_ended, r);
	run_enter(r, r->compile ? RUN_COMPILING : RUN_BOXED);
	if (r->box->state == BOX_READY)
		box_ready(r);
}

/* ---- a resident compiler ------------------------------------------------------------ */

static void show_words(struct run *r, const struct compile *c)
{
	size_t first = c->gap ? c->gap_at : c->output.len;

	if (first)
		output_add(&r->output, STREAM_COMPILE, c->output.data, first);
	if (c->gap)
		output_gap(&r->output, STREAM_COMPILE, c->gap);
	if (c->output.len > first)
		output_add(&r->output, STREAM_COMPILE, c->output.data + first, c->output.len - first);
}

/* The box that waited is of another size than compiling in it needs. */
static void compile_plainly(struct run *r)
{
	struct box *b = r->box;

	r->result.compiler = COMPILER_PLAIN;
	r->box = NULL;
	drop_compile(r);
	if (b)
		pool_unused(parts->pool, b);
	get_box(r);
}

static void compile_done(void *arg, const struct frame_end *end)
{
	struct run *r = arg;
	char text[160];

	if (!end) {
		compile_plainly(r);
		return;
	}
	verdict_ended(r, end);
	show_words(r, r->compile);
	r->compiled = true;
	if (verdict_program_failed(&r->result.phase[PHASE_COMPILE])) {
		verdict_explain(r, text, sizeof(text));
		run_verdict(r, WHY_COMPILE_ERROR, text[0] ? text : COMPILER_SPOKE);
		return;
	}
	run_enter(r, RUN_BOXED);
	if (r->box->state == BOX_READY)
		box_ready(r);
}

/* Compiled in a compile box where one is to be had, and meanwhile a box for the program. */
static void compile_and_run(struct run *r)
{
	struct compile_request o = { .lang = r->lang,
				     .job = &r->job,
				     .limits = &r->limits[PHASE_COMPILE],
				     .owner = r->owner,
				     .shares = pool_shares(parts->pool, r->owner),
				     .done = compile_done,
				     .arg = r };

	if (r->lang->resident.ncommand && !r->job.check)
		r->result.compiler = COMPILER_PLAIN;
	if (r->result.compiler && compilers_suit(parts->compilers, r->lang, o.limits))
		r->compile = compilers_compile(parts->compilers, &o);
	if (r->compile) {
		r->result.compiler = COMPILER_RESIDENT;
		if (!r->result.started_us)
			r->result.started_us = now_us();
		if (r->files.index < 0 && run_begin_log(r) < 0) {
			run_failed(r, WHY_INTERNAL_ERROR, "the spool has no room for the job's log");
			return;
		}
		output_mark(&r->output, MARK_COMPILING);
	}
	get_box(r);
}

/* ---- packages ------------------------------------------------------------------------ */

/* Of those whose packages came the one that has waited longest. */
bool run_resume(int places)
{
	struct run *oldest = NULL;

	if (running() >= places)
		return false;
	for (struct run *r = runs; r; r = r->next)
		if (r->state == RUN_PACKED && (!oldest || r->result.claimed_us < oldest->result.claimed_us))
			oldest = r;
	if (oldest)
		compile_and_run(oldest);
	return oldest;
}

static void start(struct run *r)
{
	if (r->job.npackages)
		packages_ask(r);
	if (!r->job.npackages || r->state == RUN_PACKED)
		compile_and_run(r);
}

/* ---- the beginning ------------------------------------------------------------------ */

/* Where nothing is compiled a check fits into the box that the language has anyway. */
static void check_like_a_run(struct run *r)
{
	const struct limits *run = &r->limits[PHASE_RUN];
	struct limits most;

	limits_init(&most);
	most.v[LIMIT_MEMORY] = run->v[LIMIT_MEMORY];
	most.v[LIMIT_PROCESSES] = run->v[LIMIT_PROCESSES];
	most.v[LIMIT_OPEN_FILES] = run->v[LIMIT_OPEN_FILES];
	limits_cap(&r->limits[PHASE_COMPILE], &most);
}

void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l)
{
	*l = *own;
	if (r->lang)
		limits_default(l, &r->lang->limits[p]);
	limits_default(l, &config->conf.dflt[p]);
	limits_cap(l, &config->conf.max[p]);
}

static void set_limits(struct run *r)
{
	for (int p = 0; p < PHASE_COUNT; p++)
		run_limits(r, (enum frame_phase)p, &r->job.limits[p], &r->limits[p]);
	if (r->job.check && r->lang && !r->lang->ncompile)
		check_like_a_run(r);
	for (int p = 0; p < PHASE_COUNT; p++)
		r->result.phase[p].limits = r->limits[p];
}

/* What the job says of itself goes into its result and into the log. */
static void take_words(struct run *r)
{
	struct buf b = { 0 };

	if (r->job.group) {
		free(r->result.group);
		r->result.group = strdup(r->job.group);
	}
	r->result.key = r->job.key ? strdup(r->job.key) : NULL;
	for (size_t i = 0; i < r->job.nlabels && b.len < LOG_LABELS; i++)
		if (buf_printf(&b, "%s%s=%s", i ? "," : "", r->job.labels[i].name, r->job.labels[i].value) < 0)
			break;
	r->labels = b.data;
	/* the job is done with them */
	r->result.labels = r->job.labels;
	r->result.nlabels = r->job.nlabels;
	r->job.labels = NULL;
	r->job.nlabels = 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a >= 0 && a < b ? a : b;
}

static void set_collect(struct run *r)
{
	r->collect_files = least(r->job.collect_files, config->conf.collect_files);
	r->collect_bytes = least(r->job.collect_bytes, config->conf.collect_bytes);
	r->collect_bytes = least(r->limits[PHASE_RUN].v[LIMIT_DISK], r->collect_bytes);
}

/* For what starts a thread for each processor: the quota, else all that there are. */
static int cpus_of_a_box(void)
{
	double cpus = config->conf.cpus;

	return cpus > 0 ? (int)(cpus < 1 ? 1 : cpus + 0.999) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Everything a submitter checked is checked again. NULL when it may run. */
static const char *refuse(struct run *r, const struct buf *text, enum why *why, struct cee_err *e)
{
	*why = WHY_REFUSED;
	if (job_parse(&r->job, text->data ? text->data : "", text->len, e) < 0)
		return e->msg;
	take_words(r);
	if (!langs_find(&config->langs, r->job.language))
		on_unknown();
	if (job_check(&r->job, &config->conf, config->published, strlen(config->published), e) < 0)
		return e->msg;
	r->result.tests.total = (int)r->job.ntests;
	r->lang = langs_find(&config->langs, r->job.language);
	if (!r->lang)
		return "language: this runner does not know it";
	lang_hashbang(r->lang, &r->job);
	r->result.language = strdup(r->lang->name);
	r->result.image = strdup(r->lang->image);
	r->result.runtime = lang_runtime(r->lang, lang_framework(r->lang, &r->job));
	r->job.cpus = cpus_of_a_box();
	set_limits(r);
	set_collect(r);
	if (r->attempt > r->job.retries + 1) {
		*why = WHY_LOST;
		return "every attempt ended with its runner; not tried again";
	}
	if (r->job.start_within_us >= 0 && r->result.created_us + r->job.start_within_us < now_us()) {
		*why = WHY_EXPIRED;
		return "start_within was over before its turn came";
	}
	return NULL;
}

static struct run *claim(const struct queued *q)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->files = SPOOL_ATTEMPT_NONE;
	r->pinned = r->layer = -1;
	tests_init(&r->tests);
	feed_init(&r->feed);
	timer_init(&r->timer, parts->loop, timer_fired);
	r->sync.done = synced;
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

static int begin(const struct queued *q, bool cancelled)
{
	struct run *r = claim(q);
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { "the job file cannot be read" };
	const char *reason;
	enum why why = WHY_REFUSED;

	if (!r)
		return errno == ENOENT ? 1 : -1;
	if (spool_attempt_open(runner, r->owner, r->id, r->attempt, &r->files) < 0) {
		int err = errno;

		spool_requeue(runner, r->owner, r->id, r->attempt);
		run_free(r);
		errno = err;
		return -1;
	}
	r->next = runs;
	runs = r;
	if (spool_claimed_read(runner, r->owner, r->id, r->attempt, (size_t)config->conf.max_job, &text) < 0)
		reason = e.msg;
	else
		reason = refuse(r, &text, &why, &e);
	if (!reason)
		reason = feed_open(r, runner->s);
	log_event("job", "owner", r->owner, "id", r->id, "attempt", log_number(r->attempt), "from", "new", "to",
		  state_text[RUN_CLAIMED], "group", r->job.group, "labels", r->labels, NULL);
	if (cancelled || spool_cancel_wanted(runner->s, r->owner, r->id))
		run_verdict(r, WHY_CANCELLED, "cancelled before it began");
	else if (reason)
		run_verdict(r, why, reason);
	else
		start(r);
	return 0;
}

int run_begin(const struct queued *q)
{
	return begin(q, false);
}
int run_begin_cancelled(const struct queued *q)
{
	return begin(q, true);
}

/* ---- ends from outside ------------------------------------------------------------------ */

static struct run *find(const char *owner, const char *id)
{
	struct run *r = runs;

	while (r && (strcmp(r->id, id) != 0 || strcmp(r->owner, owner) != 0))
		r = r->next;
	return r;
}

bool run_cancel(const char *owner, const char *id)
{
	struct run *r = find(owner, id);

	if (r && r->state == RUN_EXECUTING && !r->killed) {
		r->killed = true;
		attach_send(&r->box->attach, FRAME_KILL, NULL, 0);
		attach_flush(&r->box->attach);
		loop_timer(&r->timer, mono_us() + 300000);
	} else if (r && r->state < RUN_EXECUTING) {
		run_verdict(r, WHY_CANCELLED,
			    r->state == RUN_COMPILING  ? "cancelled while it was compiled"
			    : r->state == RUN_PACKAGES ? "cancelled while its packages were fetched"
						       : "cancelled before it began");
	}
	return r != NULL;
}

/* A signal that comes before the program runs ends its job, as it would end a process
 * that had not set up anything yet. */
bool run_input(const char *owner, const char *id, enum spool_input_kind kind, int sig)
{
	struct run *r = find(owner, id);

	if (!r)
		return false;
	if (kind == INPUT_WINDOW)
		feed_window(r);
	else if (kind != INPUT_SIGNAL)
		feed_look(r);
	else if (spool_signal_take(runner->s, owner, id, sig) && !feed_signal(r, sig))
		run_cancel(owner, id);
	return true;
}

void run_requeue_all(void)
{
	for (struct run *r = runs, *next; r; r = next) {
		next = r->next;
		if (r->state < RUN_RERUN)
			requeue(r);
	}
}
