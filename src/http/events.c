/* events.c - GET /tasks/{id}/events: what happens to a task, as it happens
 *
 * Server-sent events, or a line of JSON each where the request accepts application/x-ndjson. The
 * spool is followed as cee-log does (follow.h); what comes of one look is one write.
 *
 * The rules kept here:
 *   - Every event has an id, a cursor (events.h): a reader that comes again with the last one it
 *     saw gets all that came after it and nothing else. What was told before is passed over by
 *     counting, since the files of an attempt only grow.
 *   - A record of the index is an event, as the program wrote it. A character that is not whole is
 *     held until the rest of it comes, or the end; what is no UTF-8 is base64.
 *   - Nobody tells a CGI program that its reader is gone but a write that fails. So there is
 *     one each BEAT_MS: a comment, or a space between the lines of JSON. An error of the pipe
 *     and the server's SIGTERM say the same.
 *   - Where the server gathers output before it passes it on, CEE_HTTP_FILL of its configuration
 *     says how many bytes: so many are written behind each event's.
 */
#include "http/events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cli/prog.h"
#include "conf/token.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/cursor.h"
#include "http/notice.h"
#include "http/request.h"
#include "http/task_json.h"
#include "job/job.h"
#include "job/test_result.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "spool/index.h"
#include "spool/walk.h"
#include "wire/frame_types.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEAT_MS = 1000, GATHER = 65536, FILL_MOST = 65536 };

struct held {
	char bytes[4];
	size_t n;
	enum frame_stream stream;
};

struct events {
	struct request *rq;
	struct follow f;
	bool lines;  /* NDJSON */
	bool cancel; /* the task ends when its reader goes */
	bool gone;   /* the reader */
	size_t fill;
	struct cursor at;   /* what the reader has with all that was said */
	struct cursor seen; /* what was passed on the way there, of this attempt */
	struct held out, err;
	const char *notice; /* the last of notice.h, NULL none */
	int64_t tests;	    /* of the job */
	int64_t written_us; /* mono_us of the last write */
	struct buf b;	    /* not written yet */
};

static volatile sig_atomic_t told_to_end;

static void on_term(int sig)
{
	(void)sig;
	told_to_end = 1;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* -1: the reader is gone. */
static int write_out(struct events *v, const char *p, size_t n)
{
	while (n > 0 && !told_to_end) {
		ssize_t did = write(STDOUT_FILENO, p, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			break;
		p += did;
		n -= (size_t)did;
	}
	v->written_us = mono_us();
	if (n > 0)
		v->gone = true;
	return v->gone ? -1 : 0;
}

static void must(struct events *v, int r)
{
	if (r < 0)
		answer_die(v->rq);
}

/* A comment, or white space before the next line: no reader takes either for an event. */
static void put_fill(struct events *v, size_t n)
{
	static const char spaces[] = "                                                                ";

	must(v, v->lines ? 0 : buf_add(&v->b, ":", 1));
	for (size_t m; n > 0; n -= m) {
		m = n < sizeof spaces - 1 ? n : sizeof spaces - 1;
		must(v, buf_add(&v->b, spaces, m));
	}
	must(v, v->lines ? 0 : buf_add(&v->b, "\n\n", 2));
}

static int flush(struct events *v)
{
	int r;

	if (v->b.len == 0)
		return v->gone ? -1 : 0;
	if (v->fill)
		put_fill(v, v->fill);
	r = v->gone ? -1 : write_out(v, v->b.data, v->b.len);
	v->b.len = 0;
	return r;
}

static int beat(struct events *v)
{
	put_fill(v, 1);
	return flush(v);
}

/* data is JSON. A line break may stand in it as white space only, and is made such. */
static void say(struct events *v, const char *name, struct buf *data)
{
	char id[CURSOR_TEXT];

	for (size_t i = 0; i < data->len; i++)
		if (data->data[i] == '\n' || data->data[i] == '\r')
			data->data[i] = ' ';
	cursor_format(id, &v->at);
	if (v->lines)
		must(v, buf_printf(&v->b, "{\"event\":\"%s\",\"id\":\"%s\",\"data\":", name, id));
	else
		must(v, buf_printf(&v->b, "id: %s\nevent: %s\ndata: ", id, name));
	must(v, buf_add(&v->b, data->data, data->len));
	must(v, v->lines ? buf_add(&v->b, "}\n", 2) : buf_add(&v->b, "\n\n", 2));
	buf_release(data);
	*data = (struct buf){ 0 };
}

static void say_text(struct events *v, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say_text(struct events *v, const char *name, const char *fmt, ...)
{
	struct buf data = { 0 };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	must(v, buf_add(&data, text, strlen(text)));
	say(v, name, &data);
}

/* ---- output -------------------------------------------------------------------------------- */

/* n bytes of a stream, of which the cursor then knows. */
static void say_bytes(struct events *v, enum frame_stream s, const char *bytes, size_t n)
{
	AUTO_FREE char *text = NULL;
	struct buf data = { 0 };

	*(s == STREAM_OUT ? &v->at.out : &v->at.err) += (int64_t)n;
	if (utf8_valid(bytes, n)) {
		must(v, buf_printf(&data, "{\"text\":") || json_quote(&data, bytes, n) ? -1 : 0);
	} else {
		text = base64_encode((const unsigned char *)bytes, n);
		must(v, text ? buf_printf(&data, "{\"base64\":\"%s\"", text) : -1);
	}
	must(v, s == STREAM_COMPILE ? buf_printf(&data, ",\"phase\":\"compile\"}") : buf_add(&data, "}", 1));
	say(v, s == STREAM_OUT ? "stdout" : "stderr", &data);
}

/* What was held of a character that will not become whole. */
static void let_go(struct events *v, struct held *h)
{
	size_t n = h->n;

	h->n = 0;
	if (n > 0)
		say_bytes(v, h->stream, h->bytes, n);
}

static int output(struct events *v, const struct follow_item *it)
{
	bool out = it->rec.stream == STREAM_OUT;
	int64_t *seen = out ? &v->seen.out : &v->seen.err, known = out ? v->at.out : v->at.err;
	struct held *h = out ? &v->out : &v->err;
	const char *p = it->data;
	AUTO_BUF struct buf whole = { 0 };
	size_t n = it->len, tail;
	int64_t from = *seen;

	*seen += (int64_t)n;
	if (*seen <= known)
		return 0;
	if (from < known) { /* held bytes are behind what is known: none are here */
		p += known - from;
		n -= (size_t)(known - from);
	}
	if (h->n > 0 && h->stream != it->rec.stream)
		let_go(v, h);
	if (h->n > 0) {
		must(v, buf_add(&whole, h->bytes, h->n) || buf_add(&whole, p, n) ? -1 : 0);
		p = whole.data;
		n = whole.len;
		h->n = 0;
	}
	tail = utf8_tail(p, n);
	if (n > tail)
		say_bytes(v, it->rec.stream, p, n - tail);
	memcpy(h->bytes, p + n - tail, tail);
	h->n = tail;
	h->stream = it->rec.stream;
	return v->b.len > GATHER ? flush(v) : 0;
}

/* ---- what else there is in an attempt ---------------------------------------------------------- */

static void mark(struct events *v, const struct follow_item *it)
{
	static const char *const name[MARK_COUNT] = { [MARK_NONE] = "running",
						      [MARK_PACKAGES] = "packages",
						      [MARK_COMPILING] = "compiling",
						      [MARK_RUNNING] = "running" };

	if (++v->seen.marks <= v->at.marks)
		return;
	v->at.marks = v->seen.marks;
	if (it->what == FOLLOW_MARK)
		say_text(v, name[it->rec.mark], "{\"attempt\":%d}", it->attempt);
	else
		say_text(v, it->rec.stream == STREAM_OUT ? "stdout" : "stderr", "{\"missing\":%" PRIu64 "}",
			 it->rec.len);
}

/* Read when the first of them has ended. */
static void count_tests(struct events *v)
{
	AUTO_BUF struct buf text = { 0 };
	struct job j;

	if (spool_read_job(&v->rq->client.spool, v->rq->client.owner, v->rq->id, (size_t)v->rq->client.conf.max_job,
			   &text) < 0 ||
	    job_parse(&j, text.data ? text.data : "", text.len, NULL) < 0)
		return;
	v->tests = (int64_t)j.ntests;
	job_release(&j);
}

/* The line is an object; what it begins with here is what a progress bar needs. */
static void test(struct events *v, const struct follow_item *it)
{
	struct buf data = { 0 };
	struct test_result t;

	if (++v->seen.tests <= v->at.tests || test_parse(&t, it->data, it->len, NULL) < 0)
		return;
	v->at.tests = v->seen.tests;
	if (v->tests == 0)
		count_tests(v);
	must(v, buf_printf(&data, "{\"n\":%d,\"of\":%" PRId64 ",\"passed\":%s,", t.number, v->tests,
			   test_passed(&t) ? "true" : "false"));
	must(v, buf_add(&data, it->data + 1, it->len - 1));
	test_release(&t);
	say(v, "test", &data);
}

/* Another attempt's output is from its beginning, and what was shown of the last one counts no more. */
static void attempt(struct events *v, int n)
{
	int64_t old = v->at.attempt;

	if (old == n)
		return;
	v->out.n = v->err.n = 0;
	v->seen = (struct cursor){ 0 };
	v->at = (struct cursor){ .attempt = n, .queue = v->at.queue, .notice = v->at.notice };
	if (old > 0)
		say_text(v, "rerun",
			 "{\"attempt\":%d,\"text\":\"run again after a failure of the engine: what came before does "
			 "not count\"}",
			 n);
}

static int item(void *arg, const struct follow_item *it)
{
	struct events *v = arg;

	attempt(v, it->attempt);
	switch (it->what) {
	case FOLLOW_DATA:
		return output(v, it);
	case FOLLOW_GAP:
	case FOLLOW_MARK:
		mark(v, it);
		break;
	case FOLLOW_TEST:
		test(v, it);
		break;
	case FOLLOW_RERUN:
		v->seen = (struct cursor){ 0 };
		break;
	}
	return 0;
}

/* ---- before it runs ---------------------------------------------------------------------------- */

enum { PRIORITIES = 10 };
struct place {
	const char *id;
	int priority;
	int64_t all[PRIORITIES], older[PRIORITIES];
};

static int look_at_queued(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	struct place *p = arg;
	int order = strcmp(id, p->id);

	(void)owner, (void)attempts;
	if (priority < 0 || priority >= PRIORITIES)
		return 0;
	p->all[priority]++;
	p->older[priority] += order < 0;
	if (order == 0)
		p->priority = priority;
	return 0;
}

/* Its place among the owner's own, from 1: by priority and then age. 0: it does not wait. */
static int64_t place_of(struct events *v)
{
	struct place p = { .id = v->rq->id, .priority = -1 };
	int64_t n = 1;

	if (spool_each_new(&v->rq->client.spool, v->rq->client.owner, look_at_queued, &p) < 0 || p.priority < 0)
		return 0;
	for (int i = 0; i < p.priority; i++)
		n += p.all[i];
	return n + p.older[p.priority];
}

static void look_queue(struct events *v)
{
	int64_t place = v->f.index >= 0 ? 0 : place_of(v);
	const char *notice = notice_text(v->rq);

	if (place > 0 && place != v->at.queue) {
		v->at.queue = place;
		say_text(v, "queued", "{\"position\":%" PRId64 "}", place);
	}
	if (notice && (v->notice ? notice != v->notice : !v->at.notice)) {
		v->at.notice = 1;
		say_text(v, "notice", "{\"text\":\"%s\"}", notice);
	}
	v->at.notice = notice != NULL;
	v->notice = notice;
}

/* ---- the stream ---------------------------------------------------------------------------------- */

static void say_result(struct events *v)
{
	struct buf data = { 0 };
	struct cee_err e = { 0 };

	let_go(v, &v->out);
	let_go(v, &v->err);
	if (task_put(v->rq, v->rq->id, &data, &e) < 0) {
		say_text(v, "notice", "{\"text\":\"the task was removed\"}");
		return;
	}
	v->at.end = 1;
	say(v, "result", &data);
}

/* Sleeps until there is something new, or it is time for a beat. */
static void await(struct events *v)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	int64_t left = (v->written_us - mono_us()) / 1000 + BEAT_MS;
	int r = left > 0 ? follow_wait(&v->f, (int)left, &reader, 1) : 0;

	if (told_to_end || (r == 2 && (reader.revents & (POLLERR | POLLHUP | POLLNVAL))))
		v->gone = true;
}

static void stream(struct events *v)
{
	struct cee_err e = { 0 };
	int64_t looked_us = 0;
	int r = 0;

	while (!v->gone && r == 0) {
		r = follow_step(&v->f, item, v, &e);
		if (r < 0 && !v->gone) {
			bool removed = errno == ENOENT;

			if (!removed)
				prog_error("%s", e.msg);
			say_text(v, "notice", "{\"text\":\"%s\"}",
				 removed ? "the task was removed" : "its log cannot be read");
		} else if (r == 1) {
			say_result(v);
		} else if (mono_us() - looked_us > BEAT_MS * INT64_C(1000) - 1000) {
			look_queue(v);
			looked_us = mono_us();
		}
		if (r != 0)
			v->fill = 0; /* the end passes on all there is, and white space alone is no line of JSON */
		if (flush(v) < 0 || r != 0)
			break;
		await(v);
		if (!v->gone && mono_us() - v->written_us >= BEAT_MS * INT64_C(1000))
			beat(v);
	}
	if (v->gone && v->cancel)
		spool_cancel(&v->rq->client.spool, v->rq->client.owner, v->rq->id, NULL);
}

/* ---- the request ------------------------------------------------------------------------------------ */

/* 0, 1 lines of JSON, -1 neither is asked for. */
static int wanted(const struct request *rq)
{
	const char *accept = cgi_variable(&rq->cgi, "HTTP_ACCEPT");

	return cgi_accepts(accept, "application/x-ndjson") ? 1 : cgi_accepts(accept, "text/event-stream") ? 0 : -1;
}

bool events_asked(const struct request *rq)
{
	return wanted(rq) >= 0;
}

static size_t fill_asked(const struct request *rq)
{
	const char *text = cgi_variable(&rq->cgi, "CEE_HTTP_FILL");
	long n = text && text[strspn(text, "0123456789")] == 0 ? strtol(text, NULL, 10) : 0;

	return n > 0 && n <= FILL_MOST ? (size_t)n : 0;
}

/* Where the last stream was cut off. A browser sends the header by itself. False: answered. */
static bool resume(struct request *rq, struct cursor *at, bool *again)
{
	const char *text = cgi_variable(&rq->cgi, "HTTP_LAST_EVENT_ID");

	text = text ? text : cgi_query(&rq->cgi, "last_event_id");
	*again = text && *text;
	if (!*again || cursor_parse(at, text))
		return true;
	answer_problem(rq, 400, "Last-Event-ID: is no id of an event of a task");
	return false;
}

bool events_leave_asked(struct request *rq, bool *cancel)
{
	const char *text = cgi_query(&rq->cgi, "on_disconnect");

	*cancel = text && strcmp(text, "cancel") == 0;
	if (text && !*cancel && strcmp(text, "continue") != 0)
		answer_problem(rq, 400, "on_disconnect: must be cancel or continue");
	else if (*cancel && !(rq->scopes & SCOPE_SUBMIT))
		answer_problem(rq, 403, "on_disconnect=cancel: is for callers who may submit");
	else
		return true;
	return false;
}

static void say_created(struct events *v, const char *ticket)
{
	char when[TIME_TEXT_MAX];

	time_format(when, id_time_us(v->rq->id));
	say_text(v, "created", "{\"id\":\"%s\",\"created\":\"%s\"%s%s%s}", v->rq->id, when,
		 ticket ? ",\"ticket\":\"" : "", ticket ? ticket : "", ticket ? "\"" : "");
}

static void begin(struct events *v, int status)
{
	struct sigaction on = { .sa_handler = on_term };

	sigaction(SIGTERM, &on, NULL); /* no SA_RESTART: it ends a write that waits */
	sigaction(SIGHUP, &on, NULL);
	answer_header(v->rq, "Cache-Control", "no-store");
	answer_header(v->rq, "X-Accel-Buffering", "no");
	answer_begin(v->rq, status, v->lines ? "application/x-ndjson" : "text/event-stream", -1);
	v->written_us = mono_us();
}

static void run(struct events *v, int status, bool again, const char *ticket)
{
	begin(v, status);
	if (v->rq->cgi.method == METHOD_HEAD)
		return;
	if (!again)
		say_created(v, ticket);
	v->fill = fill_asked(v->rq);
	follow_init(&v->f, &v->rq->client.spool, true);
	v->f.marks = v->f.tests = true;
	follow_job(&v->f, v->rq->client.owner, v->rq->id);
	flush(v);
	stream(v);
	follow_release(&v->f);
	buf_release(&v->b);
}

void events_submitted(struct request *rq, const char *ticket, bool cancel)
{
	struct events v = { .rq = rq, .lines = wanted(rq) == 1, .cancel = cancel };

	run(&v, 201, false, ticket);
}

void events_get(struct request *rq)
{
	struct events v = { .rq = rq, .lines = wanted(rq) == 1 };
	struct spool_where where;
	struct cee_err e = { 0 };
	bool again;

	if (!resume(rq, &v.at, &again) || !events_leave_asked(rq, &v.cancel))
		return;
	if (spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &e) < 0)
		answer_error(rq, errno, &e);
	else if (v.at.end)
		answer_empty(rq, 204); /* which tells a browser's EventSource not to come again */
	else
		run(&v, 200, again, NULL);
}
