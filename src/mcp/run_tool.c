/* run_tool.c - the tools run_code and check_code (run_tool.h)
 *
 * The arguments are members of a job by the same names, so the job's own parser checks them. The job ends with its
 * client, unless it was not to be waited for: whoever gets no result cannot cancel it either.
 */
#include "mcp/run_tool.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/checked_job.h"
#include "cli/prog.h"
#include "cli/submit.h"
#include "http/answer.h"
#include "http/cursor.h"
#include "http/quota.h"
#include "http/reader.h"
#include "http/submitting.h"
#include "job/published.h"
#include "mcp/call.h"
#include "mcp/tool.h"
#include "mcp/tool_result.h"
#include "spool/cancel.h"
#include "spool/follow.h"
#include "spool/input.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- the job ------------------------------------------------------------------------- */

static void put_job(struct call *c, struct buf *text, const cJSON *arguments, bool check)
{
	struct json_writer w = json_writer(text);
	const cJSON *v;

	json_open(&w, NULL, '{');
	cJSON_ArrayForEach(v, arguments)
	{
		AUTO_FREE char *value = cJSON_PrintUnformatted(v);

		if (!value)
			answer_die(c->rq);
		if (strcmp(v->string, "wait") != 0)
			json_put_raw(&w, v->string, value, strlen(value));
	}
	if (check)
		json_put_bool(&w, "check", true);
	json_close(&w, '}');
	if (json_written(&w) < 0)
		answer_die(c->rq);
}

bool run_tool_submit(struct call *c, struct buf *text, char id[ID_LEN + 1])
{
	struct request *rq = c->rq;
	struct published *languages = submitting_languages(rq);
	struct spool_input input = { .dir = -1, .fd = -1 };
	struct submitter t = { .c = &rq->client, .no_block = true, .input = &input };
	struct job_facts facts = { 0 };
	struct cee_err e = { 0 };
	bool done = false;
	int r;

	if (!languages)
		return false;
	if (checked_job_read(&rq->client, languages, text->data, text->len, &facts, &e) < 0) {
		answer_problem(rq, 400, "%s", e.msg);
	} else if (c->local || quota_take(rq, 1, (int64_t)text->len)) {
		r = submitter_put_checked(&t, &facts, text, NULL, id, &e);
		done = r == 0;
		if (!done)
			submitting_failed(rq, r, errno, &e);
		else if (input.fd >= 0 && spool_input_keep(&input) < 0)
			prog_error("%s: its requests cannot be kept open: %s", id, strerror(errno));
	}
	spool_input_leave(&input);
	submitter_release(&t);
	published_free(languages);
	return done;
}

/* ---- its output, as it comes ------------------------------------------------------------ */

struct output {
	struct call *c;
	struct buf text; /* not reported yet */
};
enum { OUTPUT_PIECE = 65536 };

/* An incomplete character at the end waits for its rest. */
static void report(struct output *o, bool all)
{
	size_t n = o->text.len - (all || o->text.len == 0 ? 0 : utf8_tail(o->text.data, o->text.len));

	call_progress(o->c, o->text.data, n);
	if (n > 0)
		memmove(o->text.data, o->text.data + n, o->text.len - n);
	o->text.len -= n;
}

static int take(void *arg, const struct follow_item *it)
{
	struct output *o = arg;

	if (it->what != FOLLOW_DATA)
		return 0;
	if (buf_add(&o->text, it->data, it->len) < 0)
		return -1;
	if (o->text.len >= OUTPUT_PIECE)
		report(o, false);
	return 0;
}

static void await(struct call *c, struct follow *f, int64_t until)
{
	struct reader *reader = &c->rq->reader;
	int64_t left = (until - mono_us()) / 1000 + 1;
	struct pollfd fds[READER_FDS];
	int ms = reader_beat_ms(reader);

	reader_fds(reader, fds);
	if (ms > 0 && follow_wait(f, left < ms ? (int)left : ms, fds, READER_FDS) == 2)
		reader_polled(reader, fds);
	if (!reader->gone && reader_beat_ms(reader) == 0)
		c->transport->beat(c);
}

bool run_tool_wait(struct call *c, const char *id, int64_t us)
{
	struct request *rq = c->rq;
	struct output o = { .c = c };
	struct cee_err e = { 0 };
	int64_t until = mono_us() + us;
	struct follow f;

	reader_watch(&rq->reader);
	follow_init(&f, &rq->client.spool, true);
	f.result_only = !(c->progress && c->stream);
	follow_job(&f, rq->client.owner, id);
	while (!rq->reader.gone && follow_step(&f, take, &o, &e) == 0 && until > mono_us()) {
		report(&o, false);
		await(c, &f, until);
	}
	report(&o, true);
	follow_release(&f);
	buf_release(&o.text);
	return !rq->reader.gone;
}

/* ---- the tools -------------------------------------------------------------------------------- */

static void run(struct call *c, const cJSON *arguments, bool check)
{
	struct request *rq = c->rq;
	int64_t most = rq->client.conf.http_wait_us / 1000000, seconds = most;
	AUTO_BUF struct buf text = { 0 };
	char id[ID_LEN + 1];

	if (!tool_number(c, arguments, "wait", INT64_MAX / 2000000, &seconds))
		return;
	put_job(c, &text, arguments, check);
	if (!run_tool_submit(c, &text, id))
		return;
	if (seconds > 0 && !run_tool_wait(c, id, (seconds < most ? seconds : most) * 1000000))
		spool_cancel(&rq->client.spool, rq->client.owner, id, NULL);
	else
		tool_result_answer(c, id);
}

void run_tool_run(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "language", "code",   "version", "files",	 "stdin", "arguments", "env",
					     "packages", "limits", "collect", "network", "wait",  NULL };

	if (tool_only(c, arguments, names))
		run(c, arguments, false);
}

void run_tool_check(struct call *c, const cJSON *arguments)
{
	static const char *const names[] = { "language", "code", "version", "files", "packages", "wait", NULL };

	if (tool_only(c, arguments, names))
		run(c, arguments, true);
}
