/* event_items.c - what a job's log holds, as events: output, phases, tests, reruns (event_items.h) */
#include "http/event_items.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "base/text.h"
#include "http/cursor.h"
#include "http/event_writer.h"
#include "job/job.h"
#include "job/test_result.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/index.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- output -------------------------------------------------------------------- */

/* Sends n bytes of a stream and advances the cursor. */
static void say_bytes(struct event_items *t, enum frame_stream s, const char *bytes, size_t n)
{
	AUTO_FREE char *coded = NULL;
	struct json_writer w;

	*(s == STREAM_OUT ? &t->v->at.out : &t->v->at.err) += (int64_t)n;
	w = event_open(t->v);
	if (utf8_valid(bytes, n)) {
		json_put_bytes(&w, "text", bytes, n);
	} else {
		coded = base64_encode((const unsigned char *)bytes, n);
		event_must(t->v, coded ? 0 : -1);
		json_put_text(&w, "base64", coded);
	}
	if (s == STREAM_COMPILE)
		json_put_text(&w, "phase", "compile");
	event_close(t->v, s == STREAM_OUT ? "stdout" : "stderr", &w);
}

/* Sends the held bytes of a character that will stay incomplete. */
static void let_go(struct event_items *t, struct held_bytes *h)
{
	size_t n = h->n;

	h->n = 0;
	if (n > 0)
		say_bytes(t, h->stream, h->bytes, n);
}

static int output(struct event_items *t, const struct follow_item *it)
{
	bool out = it->rec.stream == STREAM_OUT;
	int64_t *seen = out ? &t->seen.out : &t->seen.err, known = out ? t->v->at.out : t->v->at.err;
	struct held_bytes *h = out ? &t->out : &t->err;
	const char *p = it->data;
	AUTO_BUF struct buf whole = { 0 };
	size_t n = it->len, tail;
	int64_t from = *seen;

	*seen += (int64_t)n;
	if (*seen <= known)
		return 0;
	if (from < known) { /* held bytes come after the bytes that the reader has, so there are none here */
		p += known - from;
		n -= (size_t)(known - from);
	}
	if (h->n > 0 && h->stream != it->rec.stream)
		let_go(t, h);
	if (h->n > 0) {
		event_must(t->v, buf_add(&whole, h->bytes, h->n) || buf_add(&whole, p, n) ? -1 : 0);
		p = whole.data;
		n = whole.len;
		h->n = 0;
	}
	tail = utf8_tail(p, n);
	if (n > tail)
		say_bytes(t, it->rec.stream, p, n - tail);
	memcpy(h->bytes, p + n - tail, tail);
	h->n = tail;
	h->stream = it->rec.stream;
	return t->v->b.len > EVENT_GATHER ? event_flush(t->v) : 0;
}

/* ---- phases, gaps, tests, attempts ----------------------------------------------- */

static void mark(struct event_items *t, const struct follow_item *it)
{
	static const char *const name[MARK_COUNT] = { [MARK_NONE] = "running",
						      [MARK_PACKAGES] = "packages",
						      [MARK_COMPILING] = "compiling",
						      [MARK_RUNNING] = "running" };

	if (++t->seen.marks <= t->v->at.marks)
		return;
	t->v->at.marks = t->seen.marks;
	if (it->what == FOLLOW_MARK)
		event_number(t->v, name[it->rec.mark], "attempt", it->attempt);
	else
		event_number(t->v, it->rec.stream == STREAM_OUT ? "stdout" : "stderr", "missing", (int64_t)it->rec.len);
}

/* Reads the number of tests, when the first one has ended. */
static void count_tests(struct event_items *t)
{
	AUTO_BUF struct buf text = { 0 };
	struct job j;

	if (spool_read_job(&t->v->rq->client.spool, t->v->rq->client.owner, t->v->rq->id,
			   (size_t)t->v->rq->client.conf.max_job, &text) < 0 ||
	    job_parse(&j, text.data ? text.data : "", text.len, NULL) < 0)
		return;
	t->tests = (int64_t)j.ntests;
	job_release(&j);
}

/* The line is an object; the fields put before it are those that a progress bar needs. */
static void test(struct event_items *t, const struct follow_item *it)
{
	const char *fields = (const char *)memchr(it->data, '{', it->len), *end = memrchr(it->data, '}', it->len);
	struct test_result one;
	struct json_writer w;

	if (++t->seen.tests <= t->v->at.tests || test_parse(&one, it->data, it->len, NULL) < 0)
		return;
	t->v->at.tests = t->seen.tests;
	if (t->tests == 0)
		count_tests(t);
	w = event_open(t->v);
	json_put_integer(&w, "n", one.number);
	json_put_integer(&w, "of", t->tests);
	json_put_bool(&w, "passed", test_passed(&one));
	json_put_raw(&w, NULL, fields + 1, (size_t)(end - fields - 1)); /* there, since test_parse accepted it */
	event_close(t->v, "test", &w);
	test_release(&one);
}

/* A new attempt's output is sent from its beginning; the counts of the last attempt are reset. */
static void attempt(struct event_items *t, int n)
{
	int64_t old = t->v->at.attempt;
	struct json_writer w;

	if (old == n)
		return;
	t->out.n = t->err.n = 0;
	t->seen = (struct cursor){ 0 };
	t->v->at = (struct cursor){ .attempt = n, .queue = t->v->at.queue, .notice = t->v->at.notice };
	if (old == 0)
		return;
	w = event_open(t->v);
	json_put_integer(&w, "attempt", n);
	json_put_text(&w, "text", "run again after a failure of cee: what came before does not count");
	event_close(t->v, "rerun", &w);
}

int event_items_take(void *arg, const struct follow_item *it)
{
	struct event_items *t = arg;

	attempt(t, it->attempt);
	switch (it->what) {
	case FOLLOW_DATA:
		return output(t, it);
	case FOLLOW_GAP:
	case FOLLOW_MARK:
		mark(t, it);
		break;
	case FOLLOW_TEST:
		test(t, it);
		break;
	case FOLLOW_RERUN:
		t->seen = (struct cursor){ 0 };
		break;
	}
	return 0;
}

void event_items_end(struct event_items *t)
{
	let_go(t, &t->out);
	let_go(t, &t->err);
}
