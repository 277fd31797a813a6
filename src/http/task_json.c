/* task_json.c - a task as the first engine showed it, to the letter, and what this one adds
 *
 * The first engine's clients know id, code, arguments, targetFrameworkMonikier, status, nugetPackages,
 * exitCode, stdout, stderr and error, and an empty field is absent. The meaning of these must not change.
 * What this engine adds stands in fields of other names, behind them.
 */
#include "http/task_json.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/time_text.h"
#include "http/answer.h"
#include "http/notice.h"
#include "http/request.h"
#include "job/job.h"
#include "job/labels.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/test_result.h"
#include "spool/find.h"
#include "spool/follow.h"
#include "wire/frame_types.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OUTPUT_SHOWN = 32 << 20, /* bytes of a task's output that stand in its JSON */
	TIME_LIMIT_STATUS = 143,
	KILLED_STATUS = 137
};

/* ---- what is known of a task ----------------------------------------------------------- */

struct task {
	const char *id;
	enum state state;
	int attempt;
	bool ended, parsed;
	struct buf text; /* of its result */
	struct result result;
	struct job job; /* parsed: it could be read */
	struct buf out, err, compile;
	size_t shown;
	bool cut;
};

static void task_release(struct task *t)
{
	buf_release(&t->text);
	if (t->ended)
		result_release(&t->result);
	if (t->parsed)
		job_release(&t->job);
	buf_release(&t->out);
	buf_release(&t->err);
	buf_release(&t->compile);
}

/* Where it is: its result, or how far it is. A job that ends just now is looked for again. */
static int find(struct request *rq, struct task *t, struct cee_err *e)
{
	struct spool_where where;

	for (int tries = 0; tries < 3; tries++) {
		if (spool_read_result(&rq->client.spool, rq->client.owner, t->id, &t->text) == 0) {
			if (result_parse(&t->result, t->text.data, t->text.len, e) < 0)
				return cee_fail(e, EIO, "%s: its result cannot be read", t->id);
			t->ended = true;
			t->state = why_state[t->result.why];
			t->attempt = t->result.attempt;
			return 0;
		}
		if (errno != ENOENT || spool_find(&rq->client.spool, rq->client.owner, t->id, &where, e) < 0)
			return -1;
		t->state = where.state;
		t->attempt = where.attempt;
		if (where.state != STATE_FINISHED)
			return 0;
	}
	return cee_fail(e, ENOENT, "there is no such task");
}

/* Where the job of an ended task lies is known, but for the moment until it is put away. */
static int job_text(struct request *rq, const struct task *t, struct buf *text)
{
	size_t max = (size_t)rq->client.conf.max_job;

	return (t->ended ? spool_read_ended_job : spool_read_job)(&rq->client.spool, rq->client.owner, t->id, max, text);
}

static void read_job(struct request *rq, struct task *t)
{
	AUTO_BUF struct buf text = { 0 };

	t->parsed = job_text(rq, t, &text) == 0 && job_parse(&t->job, text.data ? text.data : "", text.len, NULL) == 0;
}

/* ---- its output ------------------------------------------------------------------------- */

static int take_output(void *arg, const struct follow_item *it)
{
	struct task *t = arg;
	size_t n = it->len;
	struct buf *b;

	if (it->what == FOLLOW_RERUN) {
		t->out.len = t->err.len = t->compile.len = t->shown = 0;
		t->cut = false;
	}
	if (it->what != FOLLOW_DATA)
		return 0;
	if (n > OUTPUT_SHOWN - t->shown) {
		n = OUTPUT_SHOWN - t->shown;
		t->cut = true;
	}
	t->shown += n;
	b = it->rec.stream == STREAM_OUT ? &t->out : it->rec.stream == STREAM_ERR ? &t->err : &t->compile;
	return buf_add(b, it->data, n);
}

static int read_output(struct request *rq, struct task *t, struct cee_err *e)
{
	struct follow f;
	int r;

	follow_init(&f, &rq->client.spool, false);
	follow_job(&f, rq->client.owner, t->id);
	r = follow_step(&f, take_output, t, e);
	follow_release(&f);
	return r < 0 && errno != ENOENT ? -1 : 0;
}

/* ["one","two"]: a last line need not have its end. */
static int put_lines(struct buf *b, const char *name, const struct buf *text)
{
	int r;

	if (text->len == 0)
		return 0;
	r = buf_printf(b, ",\"%s\":[", name);
	for (size_t at = 0; at < text->len && r == 0;) {
		const char *line = text->data + at, *nl = memchr(line, '\n', text->len - at);
		size_t n = nl ? (size_t)(nl - line) : text->len - at;

		at += n + 1;
		if (nl && n > 0 && line[n - 1] == '\r')
			n--;
		r = json_quote(b, line, n) || (at < text->len && buf_add(b, ",", 1));
	}
	return r ? -1 : buf_add(b, "]", 1);
}

/* ---- the first shape ---------------------------------------------------------------------- */

static int put_text(struct buf *b, const char *name, const char *s)
{
	return s && (buf_printf(b, ",\"%s\":", name) || json_quote(b, s, strlen(s))) ? -1 : 0;
}

static int put_strings(struct buf *b, const char *name, char *const *v, size_t n)
{
	int r = n == 0 ? 0 : buf_printf(b, ",\"%s\":[", name);

	for (size_t i = 0; i < n && r == 0; i++)
		r = (i && buf_add(b, ",", 1)) || json_quote(b, v[i], strlen(v[i]));
	return r || (n && buf_add(b, "]", 1)) ? -1 : 0;
}

static int put_packages(struct buf *b, const struct job *j)
{
	const char *name = strcmp(j->language, "csharp") == 0 ? "nugetPackages" : "packages";
	int r = j->npackages == 0 ? 0 : buf_printf(b, ",\"%s\":[", name);

	for (size_t i = 0; i < j->npackages && r == 0; i++)
		r = buf_printf(b, "%s{\"name\":", i ? "," : "") ||
		    json_quote(b, j->packages[i].name, strlen(j->packages[i].name)) ||
		    put_text(b, "version", j->packages[i].version) || buf_add(b, "}", 1);
	return r || (j->npackages && buf_add(b, "]", 1)) ? -1 : 0;
}

/* A program that ran is Finished whatever its exit code; one that a signal ended has 128 more
 * than the signal, as in a shell. */
static int exit_code(const struct result *r)
{
	if (why_state[r->why] != STATE_FINISHED)
		return -1;
	if (r->why == WHY_TIME_LIMIT)
		return TIME_LIMIT_STATUS;
	if (r->exit_code >= 0)
		return r->exit_code;
	return r->signal > 0 ? 128 + r->signal : KILLED_STATUS;
}

/* The diagnostics, where a compiler wrote some; else why there was no run. */
static int put_error(struct buf *b, const struct task *t)
{
	const struct result *r = &t->result;

	if (!t->ended || why_state[r->why] != STATE_FAILED)
		return 0;
	if ((r->why == WHY_COMPILE_ERROR || r->why == WHY_PACKAGE_ERROR) && t->compile.len > 0)
		return buf_printf(b, ",\"error\":") || json_quote(b, t->compile.data, t->compile.len) ? -1 : 0;
	return put_text(b, "error", r->message ? r->message : why_name[r->why]);
}

static int put_first(struct buf *b, const struct task *t)
{
	const struct job *j = t->parsed ? &t->job : NULL;
	int code = t->ended ? exit_code(&t->result) : -1;

	if (buf_printf(b, "{\"id\":\"%s\"", t->id) ||
	    (j && (put_text(b, "code", j->code) || put_strings(b, "arguments", j->arguments, j->narguments) ||
		   put_text(b, "targetFrameworkMonikier", j->framework))) ||
	    put_text(b, "status", state_name[t->state]) || (j && put_packages(b, j)) ||
	    (code >= 0 && buf_printf(b, ",\"exitCode\":%d", code)) || put_lines(b, "stdout", &t->out) ||
	    put_lines(b, "stderr", &t->err))
		return -1;
	return put_error(b, t);
}

/* ---- and the rest ---------------------------------------------------------------------------- */

static int put_labels(struct buf *b, const struct job_label *l, size_t n)
{
	int r = n == 0 ? 0 : buf_printf(b, ",\"labels\":{");

	for (size_t i = 0; i < n && r == 0; i++)
		r = (i && buf_add(b, ",", 1)) || json_quote(b, l[i].name, strlen(l[i].name)) || buf_add(b, ":", 1) ||
		    json_quote(b, l[i].value, strlen(l[i].value));
	return r || (n && buf_add(b, "}", 1)) ? -1 : 0;
}

static int put_tests(struct request *rq, const struct task *t, struct buf *b)
{
	AUTO_BUF struct buf lines = { 0 };
	const char *comma = "";

	if (t->attempt < 1 || (t->parsed && t->job.ntests == 0) ||
	    spool_read_tests(&rq->client.spool, rq->client.owner, t->id, t->attempt, &lines) < 0)
		return 0;
	if (buf_printf(b, ",\"testResults\":["))
		return -1;
	for (char *s = lines.data, *end = s + lines.len, *nl; s && (nl = memchr(s, '\n', (size_t)(end - s)));
	     s = nl + 1) {
		struct test_result one;

		if (test_parse(&one, s, (size_t)(nl - s), NULL) < 0)
			continue;
		test_release(&one);
		if (buf_add(b, comma, strlen(comma)) || buf_add(b, s, (size_t)(nl - s)))
			return -1;
		comma = ",";
	}
	return buf_add(b, "]", 1);
}

/* The runner's own text, which is known to be an object. */
static int put_result(struct buf *b, const struct task *t)
{
	size_t n = t->text.len;

	while (n > 0 && (t->text.data[n - 1] == '\n' || t->text.data[n - 1] == ' '))
		n--;
	return buf_printf(b, ",\"result\":") || buf_add(b, t->text.data, n) ? -1 : 0;
}

static int put_more(struct request *rq, const struct task *t, struct buf *b)
{
	char created[TIME_TEXT_MAX];
	const struct job *j = t->parsed ? &t->job : NULL;

	time_format(created, id_time_us(t->id));
	if (put_text(b, "created", created) ||
	    (j &&
	     (put_text(b, "language", j->language) || put_text(b, "version", j->version) ||
	      put_text(b, "group", j->group) || put_text(b, "key", j->key) || put_labels(b, j->labels, j->nlabels))) ||
	    put_tests(rq, t, b) || (t->cut && buf_printf(b, ",\"outputCut\":true")))
		return -1;
	if (t->ended)
		return put_result(b, t);
	return put_text(b, "notice", notice_text(rq));
}

int task_put(struct request *rq, const char *id, struct buf *b, struct cee_err *e)
{
	struct task t = { .id = id };
	int r = find(rq, &t, e), err;

	if (r == 0)
		read_job(rq, &t);
	if (r == 0 && t.state != STATE_CREATED && read_output(rq, &t, e) < 0)
		r = -1;
	if (r == 0 && (put_first(b, &t) || put_more(rq, &t, b) || buf_add(b, "}", 1)))
		answer_die(rq);
	err = errno;
	task_release(&t);
	errno = err;
	return r;
}

/* Written anew, since a job may have been sent with raw line breaks in its strings. */
int task_put_job(struct request *rq, const char *id, struct buf *b, struct cee_err *e)
{
	struct task t = { .id = id };
	AUTO_BUF struct buf text = { 0 };
	int r = find(rq, &t, e), err;

	if (r == 0 && job_text(rq, &t, &text) < 0)
		r = cee_fail(e, errno, "%s: its job: %s", id, strerror(errno));
	if (r == 0) {
		AUTO_JSON cJSON *root = json_parse(text.data ? text.data : "", text.len, e);
		AUTO_FREE char *s = root ? cJSON_PrintUnformatted(root) : NULL;

		r = root ? 0 : cee_fail(e, EIO, "%s: its job cannot be read", id);
		if (root && (!s || buf_printf(b, "%s\n", s) < 0))
			answer_die(rq);
	}
	err = errno;
	task_release(&t);
	errno = err;
	return r;
}

static bool task_fits(const struct task_filter *f, enum state state, const struct job_label *l, size_t n)
{
	if (f->state >= 0 && (int)state != f->state)
		return false;
	for (size_t k = 0; k < f->nlabels; k++) {
		size_t len = strcspn(f->labels[k], "="), i = 0;

		while (i < n && !(strlen(l[i].name) == len && memcmp(l[i].name, f->labels[k], len) == 0 &&
				  strcmp(l[i].value, f->labels[k] + len + 1) == 0))
			i++;
		if (i == n)
			return false;
	}
	return true;
}

int task_put_short(struct request *rq, const char *id, const struct task_filter *filter, struct buf *b,
		   struct cee_err *e)
{
	struct task t = { .id = id };
	char created[TIME_TEXT_MAX];
	const struct job_label *labels;
	size_t nlabels;
	int r = find(rq, &t, e), code;

	if (r == 0 && !t.ended)
		read_job(rq, &t);
	labels = t.ended ? t.result.labels : t.job.labels;
	nlabels = t.ended ? t.result.nlabels : t.parsed ? t.job.nlabels : 0;
	if (r < 0 || (filter && !task_fits(filter, t.state, labels, nlabels))) {
		int err = errno;

		task_release(&t);
		errno = err;
		return r < 0 ? -1 : 0;
	}
	time_format(created, id_time_us(id));
	code = t.ended ? exit_code(&t.result) : -1;
	if (buf_printf(b, "{\"id\":\"%s\"", id) || put_text(b, "status", state_name[t.state]) ||
	    put_text(b, "created", created) ||
	    put_text(b, "language",
		     t.ended	? t.result.language
		     : t.parsed ? t.job.language
				: NULL) ||
	    put_text(b, "group",
		     t.ended	? t.result.group
		     : t.parsed ? t.job.group
				: NULL) ||
	    put_labels(b, labels, nlabels) || (t.ended && put_text(b, "why", why_name[t.result.why])) ||
	    (code >= 0 && buf_printf(b, ",\"exitCode\":%d", code)) || buf_add(b, "}", 1))
		answer_die(rq);
	task_release(&t);
	return 1;
}
