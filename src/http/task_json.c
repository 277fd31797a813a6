/* task_json.c - a task exactly as the first engine showed it, with the fields that this engine adds
 *
 * The first engine's clients know id, code, arguments, targetFrameworkMonikier, status, nugetPackages,
 * exitCode, stdout, stderr and error, and an empty field is absent. The meaning of these must not change.
 * This engine adds fields with other names after them.
 */
#include "http/task_json.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/time_text.h"
#include "cli/client.h"
#include "http/answer.h"
#include "http/answer_body.h"
#include "http/notice.h"
#include "http/request.h"
#include "http/task_state.h"
#include "http/ticket.h"
#include "job/job.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/find.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

enum { TIME_LIMIT_STATUS = 143, KILLED_STATUS = 137 };

/* ---- parts --------------------------------------------------------------------- */

static void put_text(struct json_writer *w, const char *name, const char *s)
{
	if (s)
		json_put_text(w, name, s);
}

/* ["one","two"]: the last line may lack its newline. */
static void put_lines(struct json_writer *w, struct body *body, const char *name, const struct buf *text)
{
	if (text->len == 0)
		return;
	json_open(w, name, '[');
	for (size_t at = 0; at < text->len;) {
		const char *line = text->data + at, *nl = memchr(line, '\n', text->len - at);
		size_t n = nl ? (size_t)(nl - line) : text->len - at;

		at += n + 1;
		if (nl && n > 0 && line[n - 1] == '\r')
			n--;
		json_put_bytes(w, NULL, line, n);
		body_pass(body);
	}
	json_close(w, ']');
}

static void put_packages(struct json_writer *w, const struct job *j)
{
	if (j->npackages == 0)
		return;
	json_open(w, strcmp(j->language, "csharp") == 0 ? "nugetPackages" : "packages", '[');
	for (size_t i = 0; i < j->npackages; i++) {
		json_open(w, NULL, '{');
		json_put_text(w, "name", j->packages[i].name);
		put_text(w, "version", j->packages[i].version);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void put_labels(struct json_writer *w, const struct job_label *l, size_t n)
{
	if (n > 0)
		json_put_labels(w, "labels", l, n);
}

/* A program that ran is Finished whatever its exit code; a program that was ended by a signal has
 * the exit code 128 + the signal's number, as in a shell. */
static int exit_code(const struct result *r)
{
	if (reason_state[r->why] != STATE_FINISHED)
		return -1;
	if (r->why == REASON_TIME_LIMIT)
		return TIME_LIMIT_STATUS;
	if (r->exit_code >= 0)
		return r->exit_code;
	return r->signal > 0 ? 128 + r->signal : KILLED_STATUS;
}

static void put_exit_code(struct json_writer *w, const struct task *t)
{
	int code = t->ended ? exit_code(&t->result) : -1;

	if (code >= 0)
		json_put_integer(w, "exitCode", code);
}

/* The diagnostics, where a compiler wrote some; else why there was no run. */
static void put_error(struct json_writer *w, const struct task *t)
{
	const struct result *r = &t->result;

	if (!t->ended || reason_state[r->why] != STATE_FAILED)
		return;
	if ((r->why == REASON_COMPILE_ERROR || r->why == REASON_PACKAGE_ERROR) && t->compile.len > 0)
		json_put_bytes(w, "error", t->compile.data, t->compile.len);
	else
		json_put_text(w, "error", r->message ? r->message : reason_name[r->why]);
}

static void put_created(struct json_writer *w, const char *id)
{
	char created[TIME_TEXT_MAX];

	time_format(created, id_time_us(id));
	json_put_text(w, "created", created);
}

static void put_tests(struct json_writer *w, struct body *body, const struct task *t)
{
	struct client *c = &body->rq->client;
	AUTO_BUF struct buf lines = { 0 };

	if (t->attempt < 1 || (t->job && t->job->ntests == 0) ||
	    spool_read_tests(&c->spool, c->owner, t->id, t->attempt, &lines) < 0)
		return;
	json_open(w, "testResults", '[');
	for (char *s = lines.data, *end = s + lines.len, *nl; s && (nl = memchr(s, '\n', (size_t)(end - s)));
	     s = nl + 1) {
		struct test_result one;

		if (test_parse(&one, s, (size_t)(nl - s), NULL) < 0)
			continue;
		test_release(&one);
		json_put_raw(w, NULL, s, (size_t)(nl - s));
		body_pass(body);
	}
	json_close(w, ']');
}

/* The runner's own text, which is known to be an object. */
static void put_result(struct json_writer *w, const struct task *t)
{
	size_t n = t->text.len;

	while (n > 0 && (t->text.data[n - 1] == '\n' || t->text.data[n - 1] == ' '))
		n--;
	json_put_raw(w, "result", t->text.data, n);
}

/* ---- a task -------------------------------------------------------------------- */

static void put_first(struct json_writer *w, struct body *body, const struct task *t)
{
	const struct job *j = t->job;

	json_put_text(w, "id", t->id);
	if (j) {
		put_text(w, "code", j->code);
		body_pass(body);
		if (j->narguments > 0)
			json_put_texts(w, "arguments", j->arguments, j->narguments);
		put_text(w, "targetFrameworkMonikier", j->framework);
	}
	json_put_text(w, "status", state_name[t->state]);
	if (j)
		put_packages(w, j);
	put_exit_code(w, t);
	put_lines(w, body, "stdout", &t->out);
	put_lines(w, body, "stderr", &t->err);
	put_error(w, t);
	body_pass(body);
}

static void put_more(struct json_writer *w, struct body *body, const struct task *t)
{
	const struct job *j = t->job;

	put_created(w, t->id);
	if (j) {
		put_text(w, "language", j->language);
		put_text(w, "version", j->version);
		put_text(w, "group", j->group);
		put_text(w, "key", j->key);
		put_labels(w, j->labels, j->nlabels);
	}
	put_tests(w, body, t);
	if (t->cut)
		json_put_bool(w, "outputCut", true);
	if (t->ended)
		put_result(w, t);
	else
		put_text(w, "notice", notice_text(body->rq));
}

int task_put(struct body *body, const char *id, const struct job *known, struct task_room *room, bool ticket,
	     struct cee_err *e)
{
	struct json_writer *w = &body->w;
	struct task t = { .id = id, .job = known };
	int r = task_find(body->rq, &t, e);

	if (r == 0)
		task_read_job(body->rq, &t);
	if (r == 0 && t.state != STATE_CREATED)
		r = task_read_output(body->rq, &t, room, e);
	if (r == 0) {
		json_open(w, NULL, '{');
		put_first(w, body, &t);
		put_more(w, body, &t);
		if (ticket)
			ticket_put(body->rq, w, id);
		json_close(w, '}');
	}
	task_release(&t);
	return r;
}

int task_put_verdict(struct request *rq, const char *id, struct json_writer *w, struct cee_err *e)
{
	struct task t = { .id = id };
	int r = task_find(rq, &t, e);

	if (r == 0) {
		json_put_text(w, "id", id);
		json_put_text(w, "status", state_name[t.state]);
		put_exit_code(w, &t);
		if (t.ended)
			put_result(w, &t);
	}
	task_release(&t);
	return r;
}

/* Written anew, since a job may have been sent with raw line breaks in its strings. */
int task_put_job(struct request *rq, const char *id, struct buf *b, struct cee_err *e)
{
	struct task t = { .id = id };
	AUTO_BUF struct buf text = { 0 };
	int r = task_find(rq, &t, e);

	if (r == 0 && task_job_text(rq, &t, &text) < 0)
		r = cee_fail(e, errno, "%s: its job: %s", id, strerror(errno));
	if (r == 0) {
		AUTO_JSON cJSON *root = json_parse(text.data ? text.data : "", text.len, e);
		AUTO_FREE char *s = root ? cJSON_PrintUnformatted(root) : NULL;

		r = root ? 0 : cee_fail(e, EIO, "%s: its job cannot be read", id);
		if (root && (!s || buf_printf(b, "%s\n", s) < 0))
			answer_die(rq);
	}
	task_release(&t);
	return r;
}

/* ---- a line of the list --------------------------------------------------------- */

static bool matches(const struct task_filter *f, enum state state, const struct job_label *l, size_t n)
{
	if (f->state >= 0 && (int)state != f->state)
		return false;
	for (size_t k = 0; k < f->nlabels; k++)
		if (!labels_have(l, n, f->labels[k]))
			return false;
	return true;
}

static void put_short(struct json_writer *w, const struct task *t)
{
	const struct result *r = t->ended ? &t->result : NULL;
	const struct job *j = t->job;

	json_open(w, NULL, '{');
	json_put_text(w, "id", t->id);
	json_put_text(w, "status", state_name[t->state]);
	put_created(w, t->id);
	put_text(w, "language", r ? r->language : j ? j->language : NULL);
	put_text(w, "group", r ? r->group : j ? j->group : NULL);
	put_labels(w, r ? r->labels : j ? j->labels : NULL, r ? r->nlabels : j ? j->nlabels : 0);
	put_text(w, "why", r ? reason_name[r->why] : NULL);
	put_exit_code(w, t);
	json_close(w, '}');
}

int task_put_short(struct request *rq, const char *id, const struct task_filter *filter, struct json_writer *w,
		   struct cee_err *e)
{
	struct task t = { .id = id };
	int r = task_find(rq, &t, e);

	if (r == 0 && !t.ended)
		task_read_job(rq, &t);
	if (r == 0 && (t.ended ? matches(filter, t.state, t.result.labels, t.result.nlabels)
			       : matches(filter, t.state, t.job ? t.job->labels : NULL, t.job ? t.job->nlabels : 0))) {
		put_short(w, &t);
		r = 1;
	}
	task_release(&t);
	return r;
}
