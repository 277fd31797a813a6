/* run_test.c - src/runner/run without an engine: each step of a job's states, each timeout, each failure
 *
 * Boxes, the pool, compile boxes, layer builds and the sync thread are this file's own: nothing happens but what a
 * test makes happen. The spool is a real one, the clock stands still.
 */
#include "runner/run/run.h"
#include "base/id.h"
#include "base/loop.h"
#include "base/strv.h"
#include "conf/conf.h"
#include "engine/engine.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "job/reasons.h"
#include "job/result.h"
#include "runner/box/boxes.h"
#include "runner/core/log.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/run/run_internal.h"
#include "spool/cancel.h"
#include "spool/claim.h"
#include "spool/find.h"
#include "spool/registration.h"
#include "spool/submission.h"
#include "wire/payload.h"
#include "check.h"
#include "steps.h"
#include "fake_boxes.h"
#include "spool_fixture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECOND = 1000000, MS = 1000 };

/* ---- what runs stand on, in the test's hands --------------------------------------------- */

static struct {
	struct sync_request *submitted[16];
	int nsubmitted;
	int given, unused; /* boxes back to the pool */
	struct compile *compile;
	bool compiles; /* compile boxes are to be had */
	int forgotten; /* compiles and layers */
	enum layer_answer layer;
	struct layer_request layer_request;
} fake;

void sync_submit(struct sync *s, struct sync_request *r)
{
	(void)s;
	CHECK(!r->submitted); /* a request in the thread's hands is never touched */
	r->submitted = true;
	fake.submitted[fake.nsubmitted++] = r;
}

int sync_init(struct sync *s, struct loop *l)
{
	(void)s, (void)l;
	return -1;
}

void sync_release(struct sync *s)
{
	(void)s;
}

/* The thread is through with the oldest. */
static void sync_answers(int error)
{
	struct sync_request *r = fake.submitted[0];

	CHECK(fake.nsubmitted > 0);
	if (!fake.nsubmitted)
		return;
	memmove(fake.submitted, fake.submitted + 1, (size_t)--fake.nsubmitted * sizeof(struct sync_request *));
	r->submitted = false;
	r->done(r->arg, error);
}

bool box_file_there(const char *path)
{
	return path && *path;
}

bool boxes_cells(const struct boxes *bs)
{
	return bs->cells;
}

void pool_spec(const struct pool *p, struct box_spec *spec, const struct lang *lang,
	       const struct limits limits[PHASE_COUNT], bool compiles)
{
	(void)p, (void)compiles;
	*spec = (struct box_spec){ .image = lang->image, .memory = limits[PHASE_RUN].v[LIMIT_MEMORY] };
}

bool pool_shares(const struct pool *p, const char *owner)
{
	(void)p, (void)owner;
	return true;
}

struct box *pool_take(struct pool *p, const struct box_spec *spec, const char *owner, enum box_from *from)
{
	(void)owner;
	*from = BOX_COLD;
	return box_new(p->boxes, spec);
}

void pool_give(struct pool *p, struct box *b)
{
	(void)p;
	fake.given++;
	box_remove(b);
}

void pool_unused(struct pool *p, struct box *b)
{
	(void)p;
	fake.unused++;
	box_remove(b);
}

bool compilers_suit(const struct compilers *cs, const struct lang *lang, const struct limits *limits)
{
	(void)cs, (void)lang, (void)limits;
	return fake.compiles;
}

struct compile *compilers_compile(struct compilers *cs, const struct compile_request *request)
{
	(void)cs;
	fake.compile = calloc(1, sizeof(*fake.compile));
	fake.compile->request = *request;
	return fake.compile;
}

void compilers_forget(struct compilers *cs, struct compile *c)
{
	(void)cs;
	fake.forgotten += c != NULL;
	if (c == fake.compile)
		fake.compile = NULL;
	free(c);
}

enum layer_answer layer_builds_ask(struct layer_builds *bs, const struct layer_request *r, struct layer_reply *reply,
				   struct layer_waiter **waiter)
{
	(void)bs;
	*reply = (struct layer_reply){ .fd = -1, .path = "/.cee/layers/x", .message = "no such package" };
	fake.layer_request = *r;
	*waiter = fake.layer == LAYER_PENDING ? (struct layer_waiter *)&fake : NULL;
	return fake.layer;
}

void layer_builds_forget(struct layer_builds *bs, struct layer_waiter *w)
{
	(void)bs;
	fake.forgotten += w != NULL;
}

/* ---- a bench ------------------------------------------------------------------------------- */

struct bench {
	struct loop loop;
	struct engine engine;
	struct boxes boxes;
	struct pool pool;
	struct counters counters;
	struct pin pin;
	struct config config;
	struct spool_runner claims;
	struct runs *runs;
	int ended, resumable;
	char id[ID_LEN + 1];
};

static void on_ended(void *arg)
{
	((struct bench *)arg)->ended++;
}

static void on_resumable(void *arg)
{
	((struct bench *)arg)->resumable++;
}

static void on_unknown_language(void *arg)
{
	(void)arg;
}

static struct runs *make_runs(struct bench *t, bool durable)
{
	struct runs_parts parts = { .config = &t->config,
				    .runner = &t->claims,
				    .loop = &t->loop,
				    .boxes = &t->boxes,
				    .pool = &t->pool,
				    .pin = &t->pin,
				    .counters = &t->counters,
				    .durable = durable };
	struct runs_ops ops = { on_ended, on_resumable, on_unknown_language, t };

	return runs_new(&parts, &ops);
}

static void start(struct bench *t)
{
	memset(&fake, 0, sizeof(fake));
	*t = (struct bench){ .engine.up = true };
	new_spool();
	loop_init(&t->loop);
	loop_hold(&t->loop);
	t->boxes.loop = &t->loop;
	t->boxes.engine = &t->engine;
	t->pool.boxes = &t->boxes;
	pin_init(&t->pin);
	counters_init(&t->counters);
	conf_init(&t->config.conf);
	CHECK(langs_load(&t->config.langs, "etc/languages.d", &err) == 0);
	t->config.published = lang_publish(&t->config.langs);
	CHECK(spool_runner_open(&t->claims, &spool, &err) == 0);
	t->runs = make_runs(t, true);
}

static void finish(struct bench *t)
{
	while (fake.nsubmitted)
		sync_answers(0);
	boxes_end(&t->boxes);
	loop_advance(&t->loop, 1);
	runs_free(t->runs);
	free(fake.compile);
	spool_runner_release(&t->claims);
	config_release(&t->config);
	loop_release(&t->loop);
	end_spool();
}

static void begin(struct bench *t, const char *job)
{
	struct spool_bounds none = { .fresh = true };
	struct queued q = { .priority = 5 };

	id_make(t->id);
	snprintf(q.owner, sizeof(q.owner), "%s", OWNER);
	memcpy(q.id, t->id, sizeof(q.id));
	CHECK(spool_submit(&spool, OWNER, t->id, 5, job, strlen(job), &none, &err) == 0);
	CHECK(runs_begin(t->runs, &q) == 0);
}

#define PLAIN "{\"language\":\"bash\",\"code\":\"echo hi\"}"
#define ONCE "{\"language\":\"bash\",\"code\":\"echo hi\",\"retries\":0}"
#define CSHARP "{\"language\":\"csharp\",\"code\":\"class P { static void Main() {} }\"}"
#define PACKAGES                                                                                                       \
	"{\"language\":\"python\",\"code\":\"import six\",\"packages\":[{\"name\":\"six\",\"version\":\"1.16.0\"}]}"
#define CSHARP_PACKAGES                                                                                                \
	"{\"language\":\"csharp\",\"code\":\"class P { static void Main() {} "                                         \
	"}\",\"packages\":[{\"name\":\"A\",\"version\":\"1.0.0\"}]}"
#define COLLECTS "{\"language\":\"bash\",\"code\":\"echo hi\",\"collect\":[\"*.txt\"]}"

static enum run_state state(struct bench *t)
{
	return t->runs->first ? t->runs->first->state : RUN_GONE;
}

static struct box *box(struct bench *t)
{
	return t->runs->first ? t->runs->first->box : NULL;
}

/* Where the spool has the job, and its result: the reason, or -1. */
static bool waits_again(struct bench *t)
{
	struct spool_where w;

	return spool_find(&spool, OWNER, t->id, &w, &err) == 0 && w.state == STATE_CREATED && w.attempt == 1;
}

static bool result_is(struct bench *t, enum reason why, const char *message)
{
	AUTO_BUF struct buf b = { 0 };
	struct result r;
	bool same;

	if (spool_read_result(&spool, OWNER, t->id, &b) < 0 || result_parse(&r, b.data, b.len, &err) < 0)
		return false;
	same = r.why == why && (!message || (r.message && strstr(r.message, message)));
	if (!same)
		printf("# %s: %s\n", reason_name[r.why], r.message ? r.message : "");
	result_release(&r);
	return same;
}

static void executing(struct bench *t, const char *job)
{
	begin(t, job);
	CHECK(state(t) == RUN_BOXED);
	box_comes_up(box(t));
	CHECK(state(t) == RUN_EXECUTING && box_sent(box(t), FRAME_GO, NULL) == 1);
}

static void says_start(struct bench *t)
{
	struct payload p;

	frame_pack_number(&p, PHASE_RUN);
	box_says(box(t), FRAME_START, STREAM_NONE, p.data, p.len);
}

static void says_end(struct bench *t, enum frame_how how, uint64_t status)
{
	struct payload p;

	frame_pack_end(&p, &(struct frame_end){ .phase = PHASE_RUN, .how = how, .status = status });
	box_says(box(t), FRAME_END, STREAM_NONE, p.data, p.len);
}

static void says_done(struct bench *t, uint32_t failed)
{
	struct payload p;

	frame_pack_number(&p, failed);
	box_says(box(t), FRAME_DONE, STREAM_NONE, p.data, p.len);
}

static void synced_to_the_end(struct bench *t)
{
	CHECK(state(t) == RUN_SYNCING);
	sync_answers(0);
	CHECK(state(t) == RUN_PUBLISHED);
	sync_answers(0);
	CHECK(state(t) == RUN_GONE);
	loop_advance(&t->loop, 1);
}

/* ---- the straight way --------------------------------------------------------------------- */

static void one_job(void)
{
	struct bench t;

	start(&t);
	executing(&t, PLAIN);
	CHECK(runs_numbers(t.runs, NULL).busy == 1 && runs_numbers(t.runs, "uid-7").all == 0);
	says_start(&t);
	box_says(box(&t), FRAME_OUT, STREAM_OUT, "hi\n", 3);
	says_end(&t, END_EXITED, 0);
	CHECK(t.ended == 0);
	says_done(&t, 0);
	CHECK(fake.given == 1 && t.ended == 1 && runs_numbers(t.runs, NULL).ending == 1);
	synced_to_the_end(&t);
	CHECK(t.ended == 2 && result_is(&t, REASON_EXITED, NULL));
	finish(&t);
}

static void without_sync(void)
{
	struct bench t;

	start(&t);
	runs_free(t.runs);
	t.runs = make_runs(&t, false);
	executing(&t, PLAIN);
	says_start(&t);
	says_end(&t, END_EXITED, 3);
	says_done(&t, 0);
	CHECK(state(&t) == RUN_GONE && fake.nsubmitted == 0 && result_is(&t, REASON_EXITED, NULL));
	finish(&t);
}

static void two_runners_in_one_process(void)
{
	struct bench t;
	struct runs *other;
	struct queued q = { .priority = 5 };

	start(&t);
	other = make_runs(&t, true);
	executing(&t, PLAIN);
	snprintf(q.owner, sizeof(q.owner), "%s", OWNER);
	memcpy(q.id, t.id, sizeof(q.id));
	CHECK(runs_begin(other, &q) == 1); /* claimed by the first one */
	CHECK(runs_numbers(other, NULL).all == 0 && runs_cancel(other, OWNER, t.id) == RUN_NOT_HERE);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_CANCELLED);
	runs_free(other);
	finish(&t);
}

/* ---- the sync thread -------------------------------------------------------------------------- */

/* The fault that killed the runner: a cancel's timer, and a sync that takes longer than it. */
static void slow_sync_after_a_cancel(void)
{
	struct bench t;

	start(&t);
	executing(&t, PLAIN);
	says_start(&t);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_CANCELLED && state(&t) == RUN_KILLED);
	says_end(&t, END_KILLED, 9);
	says_done(&t, 0);
	CHECK(state(&t) == RUN_SYNCING && fake.nsubmitted == 1);
	loop_advance(&t.loop, 3600LL * SECOND);
	CHECK(state(&t) == RUN_SYNCING && fake.nsubmitted == 1 && !t.runs->first->timer.at);
	sync_answers(0);
	CHECK(state(&t) == RUN_PUBLISHED && fake.nsubmitted == 1);
	loop_advance(&t.loop, 3600LL * SECOND);
	CHECK(fake.nsubmitted == 1);
	sync_answers(0);
	CHECK(state(&t) == RUN_GONE && result_is(&t, REASON_CANCELLED, NULL));
	finish(&t);
}

/* The same by the wall time's deadline alone. */
static void slow_sync_after_the_deadline(void)
{
	struct bench t;

	start(&t);
	executing(&t, PLAIN);
	says_start(&t);
	says_end(&t, END_EXITED, 0);
	says_done(&t, 0);
	loop_advance(&t.loop, 3600LL * SECOND);
	CHECK(state(&t) == RUN_SYNCING && fake.nsubmitted == 1);
	runs_requeue_all(t.runs);
	runs_abandon_boxes(t.runs);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_ENDS && fake.nsubmitted == 1);
	synced_to_the_end(&t);
	finish(&t);
}

static void a_sync_that_fails_is_tried_again(void)
{
	struct bench t;

	start(&t);
	executing(&t, PLAIN);
	says_start(&t);
	says_end(&t, END_EXITED, 0);
	says_done(&t, 0);
	sync_answers(EIO);
	CHECK(state(&t) == RUN_VERDICT && fake.nsubmitted == 0);
	loop_advance(&t.loop, SECOND);
	synced_to_the_end(&t);
	finish(&t);
}

/* The spool lets a step fail: the verdict is kept. */
static void a_step_that_fails_is_tried_again(void)
{
	struct bench t;
	int fd;

	start(&t);
	executing(&t, PLAIN);
	says_start(&t);
	says_end(&t, END_EXITED, 0);
	fd = t.runs->first->files.result;
	t.runs->first->files.result = -1;
	says_done(&t, 0);
	CHECK(state(&t) == RUN_VERDICT && fake.nsubmitted == 0);
	loop_advance(&t.loop, SECOND);
	CHECK(state(&t) == RUN_VERDICT);
	t.runs->first->files.result = fd;
	loop_advance(&t.loop, SECOND);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_EXITED, NULL));
	finish(&t);
}

/* ---- deadlines ------------------------------------------------------------------------------------ */

static void init_keeps_no_deadline(void)
{
	struct bench t;

	start(&t);
	executing(&t, ONCE);
	says_start(&t);
	loop_advance(&t.loop, 3600LL * SECOND);
	CHECK(state(&t) == RUN_SYNCING);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_INTERNAL_ERROR, "deadline"));
	finish(&t);
}

static void a_kill_that_is_not_heard(void)
{
	struct bench t;

	start(&t);
	executing(&t, PLAIN);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_CANCELLED && box_sent(box(&t), FRAME_KILL, NULL) == 1);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_ENDS && box_sent(box(&t), FRAME_KILL, NULL) == 1);
	loop_advance(&t.loop, 299 * MS);
	CHECK(state(&t) == RUN_KILLED);
	loop_advance(&t.loop, MS);
	CHECK(state(&t) == RUN_SYNCING && fake.given == 0);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_CANCELLED, "did not end it in time"));
	finish(&t);
}

static void collecting_has_its_time(void)
{
	struct bench t;
	int64_t before;

	start(&t);
	executing(&t, COLLECTS);
	says_start(&t);
	runs_cancel(t.runs, OWNER, t.id);
	before = t.runs->first->timer.at;
	says_end(&t, END_KILLED, 9);
	CHECK(t.runs->first->timer.at > before + 5 * SECOND);
	says_done(&t, 0);
	synced_to_the_end(&t);
	finish(&t);
}

/* ---- the box --------------------------------------------------------------------------------------- */

static void a_box_that_fails(enum box_end how, bool begun, bool retries, enum run_state expected, enum reason why)
{
	struct bench t;

	start(&t);
	begin(&t, retries ? PLAIN : ONCE);
	if (begun) {
		box_comes_up(box(&t));
		says_start(&t);
	}
	box_dies(box(&t), how, "it failed");
	CHECK(state(&t) == expected);
	if (expected == RUN_RERUN) { /* not before the box is gone for certain */
		struct box *b = box(&t);

		CHECK(!waits_again(&t) && b->gone);
		b->gone(b->arg);
		CHECK(state(&t) == RUN_GONE && waits_again(&t) && t.ended == 1);
	} else {
		synced_to_the_end(&t);
		CHECK(result_is(&t, why, NULL));
	}
	finish(&t);
}

static void boxes_that_fail(void)
{
	a_box_that_fails(BOX_OURS, false, true, RUN_RERUN, REASON_INTERNAL_ERROR);
	a_box_that_fails(BOX_OURS, true, true, RUN_RERUN, REASON_INTERNAL_ERROR);
	a_box_that_fails(BOX_OURS, true, false, RUN_SYNCING, REASON_INTERNAL_ERROR);
	a_box_that_fails(BOX_NO_IMAGE, false, true, RUN_SYNCING, REASON_REFUSED);
	a_box_that_fails(BOX_DIED, false, true, RUN_RERUN, REASON_BOX_DIED);
	a_box_that_fails(BOX_DIED, true, true, RUN_SYNCING, REASON_BOX_DIED);
}

static void a_box_that_never_was(void)
{
	struct bench t;

	start(&t);
	begin(&t, PLAIN);
	box_never_was(box(&t), BOX_OURS, "no answer from the engine");
	CHECK(state(&t) == RUN_GONE && waits_again(&t) && t.ended == 1);
	finish(&t);
}

static void no_memory_for_a_box(void)
{
	struct bench t;

	start(&t);
	no_boxes = true;
	begin(&t, PLAIN);
	no_boxes = false;
	CHECK(state(&t) == RUN_GONE && waits_again(&t));
	finish(&t);
}

static void frames_that_init_may_not_send(void)
{
	const enum frame_type wrong[] = {
		FRAME_HELLO, FRAME_JOB, FRAME_GO, FRAME_KILL, FRAME_STDIN, (enum frame_type)99
	};
	struct bench t;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		start(&t);
		executing(&t, ONCE);
		box_says(box(&t), wrong[i], STREAM_NONE, "", 0);
		synced_to_the_end(&t);
		CHECK(result_is(&t, REASON_INTERNAL_ERROR, "unexpected frame type"));
		finish(&t);
	}
	start(&t);
	begin(&t, ONCE);
	box_says(box(&t), FRAME_DONE, STREAM_NONE, "\0\0\0\0", 4);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_INTERNAL_ERROR, "before it had the job"));
	finish(&t);
}

static void init_fails(void)
{
	struct bench t;

	start(&t);
	executing(&t, ONCE);
	box_says(box(&t), FRAME_TROUBLE, STREAM_NONE, "no cgroup", 9);
	says_done(&t, 1);
	synced_to_the_end(&t);
	CHECK(fake.given == 0 && result_is(&t, REASON_INTERNAL_ERROR, "no cgroup"));
	finish(&t);
}

/* ---- compile boxes ------------------------------------------------------------------------------------ */

static void compiled(struct bench *t, enum frame_how how, uint64_t status)
{
	struct frame_end e = { .phase = PHASE_COMPILE, .how = how, .status = status };

	fake.compile->request.done(fake.compile->request.arg, &e);
	(void)t;
}

static void compile_first(void)
{
	struct bench t;

	start(&t);
	fake.compiles = true;
	begin(&t, CSHARP);
	CHECK(state(&t) == RUN_COMPILING);
	compiled(&t, END_EXITED, 0);
	CHECK(state(&t) == RUN_BOXED);
	box_comes_up(box(&t));
	CHECK(state(&t) == RUN_EXECUTING && box_sent(box(&t), FRAME_PHASE, NULL) == 1);
	finish(&t);
}

static void box_first(void)
{
	struct bench t;

	start(&t);
	fake.compiles = true;
	begin(&t, CSHARP);
	box_comes_up(box(&t));
	CHECK(state(&t) == RUN_COMPILING_READY && box_sent(box(&t), FRAME_JOB, NULL) == 0);
	compiled(&t, END_EXITED, 0);
	CHECK(state(&t) == RUN_EXECUTING);
	finish(&t);
}

static void compile_fails(void)
{
	struct bench t;

	start(&t);
	fake.compiles = true;
	begin(&t, CSHARP);
	box_comes_up(box(&t));
	compiled(&t, END_EXITED, 1);
	CHECK(fake.unused == 1 && fake.forgotten == 1); /* the box never had the job */
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_COMPILE_ERROR, "stderr"));
	finish(&t);
}

static void no_answer_is_compiled_plainly(void)
{
	struct bench t;

	for (int ready = 0; ready < 2; ready++) {
		start(&t);
		fake.compiles = true;
		begin(&t, CSHARP);
		if (ready)
			box_comes_up(box(&t));
		fake.compile->request.done(fake.compile->request.arg, NULL);
		CHECK(state(&t) == RUN_BOXED && fake.unused == 1);
		box_comes_up(box(&t));
		CHECK(state(&t) == RUN_EXECUTING && box_sent(box(&t), FRAME_PHASE, NULL) == 2);
		finish(&t);
	}
}

/* ---- packages ------------------------------------------------------------------------------------------- */

static void packages_come(void)
{
	struct layer_reply reply = { .fd = -1, .path = "/.cee/layers/x" };
	struct bench t;

	start(&t);
	fake.layer = LAYER_PENDING;
	begin(&t, PACKAGES);
	CHECK(state(&t) == RUN_PACKAGES && runs_numbers(t.runs, OWNER).waiting == 1 &&
	      !runs_numbers(t.runs, OWNER).busy);
	CHECK(!runs_resume(t.runs, NULL, NULL));
	fake.layer_request.done(fake.layer_request.arg, LAYER_READY, &reply);
	CHECK(state(&t) == RUN_PACKED && t.resumable == 1 && t.ended == 0);
	CHECK(runs_resume(t.runs, NULL, NULL) && state(&t) == RUN_BOXED);
	finish(&t);
}

static void packages_before_the_compiler(void)
{
	struct layer_reply reply = { .fd = -1, .path = "/.cee/layers/x" };
	struct bench t;

	start(&t);
	fake.compiles = true;
	fake.layer = LAYER_PENDING;
	begin(&t, CSHARP_PACKAGES);
	CHECK(state(&t) == RUN_PACKAGES && !fake.compile && !box(&t));
	fake.layer_request.done(fake.layer_request.arg, LAYER_READY, &reply);
	CHECK(runs_resume(t.runs, NULL, NULL) && state(&t) == RUN_COMPILING && fake.compile);
	CHECK(strcmp(fake.compile->request.job->layer, "/.cee/layers/x") == 0);
	finish(&t);
}

static void packages_answer(enum layer_answer answer, bool later, enum run_state expected)
{
	struct layer_reply reply = { .fd = -1, .message = "no such package" };
	struct bench t;

	start(&t);
	fake.layer = later ? LAYER_PENDING : answer;
	begin(&t, PACKAGES);
	if (later)
		fake.layer_request.done(fake.layer_request.arg, answer, &reply);
	CHECK(state(&t) == expected);
	CHECK(answer != LAYER_FAILED || waits_again(&t));
	finish(&t);
}

static void packages_do_not_come(void)
{
	packages_answer(LAYER_READY, false, RUN_BOXED);
	packages_answer(LAYER_REFUSED, false, RUN_SYNCING);
	packages_answer(LAYER_REFUSED, true, RUN_SYNCING);
	packages_answer(LAYER_FAILED, false, RUN_GONE);
	packages_answer(LAYER_FAILED, true, RUN_GONE);
}

/* ---- cancels, in each state ---------------------------------------------------------------------------------- */

static void to_boxed(struct bench *t)
{
	begin(t, PLAIN);
}
static void to_compiling(struct bench *t)
{
	fake.compiles = true;
	begin(t, CSHARP);
}
static void to_compiling_ready(struct bench *t)
{
	to_compiling(t);
	box_comes_up(box(t));
}
static void to_packages(struct bench *t)
{
	fake.layer = LAYER_PENDING;
	begin(t, PACKAGES);
}
static void to_packed(struct bench *t)
{
	struct layer_reply reply = { .fd = -1, .path = "/.cee/layers/x" };

	to_packages(t);
	fake.layer_request.done(fake.layer_request.arg, LAYER_READY, &reply);
}
static void to_executing(struct bench *t)
{
	executing(t, PLAIN);
	says_start(t);
}
static void to_rerun(struct bench *t)
{
	begin(t, PLAIN);
	box_dies(box(t), BOX_OURS, "it failed");
}

static const struct {
	void (*to)(struct bench *t);
	enum run_state state;
	const char *message;
} stations[] = {
	{ to_boxed, RUN_BOXED, "before it began" },
	{ to_compiling, RUN_COMPILING, "while it was compiled" },
	{ to_compiling_ready, RUN_COMPILING_READY, "while it was compiled" },
	{ to_packages, RUN_PACKAGES, "while its packages were fetched" },
	{ to_packed, RUN_PACKED, "before it began" },
};

static void cancel_before_it_runs(void)
{
	struct bench t;

	for (size_t i = 0; i < sizeof(stations) / sizeof(*stations); i++) {
		start(&t);
		stations[i].to(&t);
		CHECK(state(&t) == stations[i].state);
		CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_CANCELLED);
		synced_to_the_end(&t);
		CHECK(result_is(&t, REASON_CANCELLED, stations[i].message));
		finish(&t);
	}
}

static void cancel_of_a_rerun(void)
{
	struct bench t;
	struct box *b;

	start(&t);
	to_rerun(&t);
	CHECK(spool_cancel(&spool, OWNER, t.id, &err) == 0);
	CHECK(runs_cancel(t.runs, OWNER, t.id) == RUN_ENDS && state(&t) == RUN_RERUN);
	b = box(&t);
	b->gone(b->arg);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_CANCELLED, "before it was run again"));
	finish(&t);
}

static void a_killed_job_is_cancelled_however_it_ends(void)
{
	struct bench t;

	for (int i = 0; i < 3; i++) {
		start(&t);
		to_executing(&t);
		runs_cancel(t.runs, OWNER, t.id);
		if (i == 0)
			box_dies(box(&t), BOX_DIED, "killed");
		else if (i == 1)
			box_dies(box(&t), BOX_OURS, "the engine went away");
		else
			box_says(box(&t), FRAME_GO, STREAM_NONE, "", 0);
		synced_to_the_end(&t);
		CHECK(result_is(&t, REASON_CANCELLED, NULL));
		finish(&t);
	}
}

static void cancelled_in_the_queue(void)
{
	struct spool_bounds none = { .fresh = true };
	struct queued q = { .priority = 5 };
	struct bench t;

	start(&t);
	id_make(t.id);
	snprintf(q.owner, sizeof(q.owner), "%s", OWNER);
	memcpy(q.id, t.id, sizeof(q.id));
	CHECK(spool_submit(&spool, OWNER, t.id, 5, PLAIN, strlen(PLAIN), &none, &err) == 0);
	CHECK(runs_begin_cancelled(t.runs, &q) == 0);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_CANCELLED, "before it began"));
	finish(&t);
}

/* ---- stopping ---------------------------------------------------------------------------------------------------- */

/* A runner told to stop while the engine is away: no box will ever be gone. */
static void the_engine_is_away_for_good(void)
{
	static void (*const to[])(struct bench *) = { to_boxed,	   to_compiling, to_compiling_ready,
						      to_packages, to_packed,	 to_executing,
						      to_rerun };
	struct bench t;

	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++) {
		start(&t);
		to[i](&t);
		runs_requeue_all(t.runs);
		CHECK((box(&t) != NULL) == (state(&t) == RUN_RERUN));
		runs_abandon_boxes(t.runs);
		CHECK(runs_numbers(t.runs, NULL).all == 0 && waits_again(&t));
		finish(&t);
	}
	start(&t);
	to_executing(&t);
	runs_cancel(t.runs, OWNER, t.id);
	runs_abandon_boxes(t.runs);
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_CANCELLED, NULL));
	finish(&t);
}

/* ---- refusals, and the table itself ------------------------------------------------------------------------------- */

static void refused(void)
{
	struct bench t;

	start(&t);
	begin(&t, "{\"language\":\"cobol\",\"code\":\"x\"}");
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_REFUSED, "cobol"));
	begin(&t, "{");
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_REFUSED, NULL));
	begin(&t, "{\"language\":\"bash\",\"code\":\"x\",\"stdin_stream\":true}");
	synced_to_the_end(&t);
	CHECK(result_is(&t, REASON_REFUSED, "its input is missing"));
	finish(&t);
}

/* Every state can be left, none comes back to its beginning, and what the thread has has no deadline. */
static void the_table(void)
{
	for (enum run_state a = 0; a < RUN_STATE_COUNT; a++) {
		int ways = 0;

		for (enum run_state b = 0; b < RUN_STATE_COUNT; b++) {
			ways += run_may_follow(a, b);
			CHECK(!run_may_follow(a, b) || b > a || (a == RUN_SYNCING && b == RUN_VERDICT));
		}
		CHECK((ways > 0) == (a != RUN_GONE));
		CHECK(run_state_name(a)[0]);
	}
	CHECK(run_state_kind(RUN_SYNCING) == RUN_IN_SYNC && run_state_kind(RUN_PUBLISHED) == RUN_IN_SYNC);
}

int main(void)
{
	if (!freopen("/dev/null", "w", stderr))
		return 1; /* the runner's log */
	RUN(the_table);
	RUN(one_job);
	RUN(without_sync);
	RUN(two_runners_in_one_process);
	RUN(slow_sync_after_a_cancel);
	RUN(slow_sync_after_the_deadline);
	RUN(a_sync_that_fails_is_tried_again);
	RUN(a_step_that_fails_is_tried_again);
	RUN(init_keeps_no_deadline);
	RUN(a_kill_that_is_not_heard);
	RUN(collecting_has_its_time);
	RUN(boxes_that_fail);
	RUN(a_box_that_never_was);
	RUN(no_memory_for_a_box);
	RUN(frames_that_init_may_not_send);
	RUN(init_fails);
	RUN(compile_first);
	RUN(box_first);
	RUN(compile_fails);
	RUN(no_answer_is_compiled_plainly);
	RUN(packages_come);
	RUN(packages_before_the_compiler);
	RUN(packages_do_not_come);
	RUN(cancel_before_it_runs);
	RUN(cancel_of_a_rerun);
	RUN(a_killed_job_is_cancelled_however_it_ends);
	RUN(cancelled_in_the_queue);
	RUN(the_engine_is_away_for_good);
	RUN(refused);
	return check_steps("run", 1u << RUN_GONE) || check_status();
}
