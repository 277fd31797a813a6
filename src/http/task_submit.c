/* task_submit.c - POST /tasks: a job, or an array of jobs
 *
 * A job goes the way of cee-submit: cli/submit.h checks it, puts it into its group and under its
 * key, and into the spool. The answer is sent when the job is as durable as the spool is.
 */
#include "http/task_submit.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/job_options.h"
#include "cli/prog.h"
#include "cli/submit.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/events.h"
#include "http/notice.h"
#include "http/quota.h"
#include "http/request.h"
#include "http/request_body.h"
#include "http/task_answer.h"
#include "http/task_json.h"
#include "http/task_wait.h"
#include "http/ticket.h"
#include "job/result.h"
#include "spool/find.h"
#include "spool/input.h"
#include "spool/spool.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ARRAY_MAX = 1000 };

struct post {
	struct request *rq;
	struct submitter t;
	struct buf languages;
	struct spool_input input;
	char key[KEY_MAX_LEN + 1]; /* Idempotency-Key, "" none */
	int64_t wait_us;
	bool events, cancel; /* the answer is a stream; its end is the task's */
};

static void post_release(struct post *p)
{
	spool_input_leave(&p->input);
	submitter_release(&p->t);
	buf_release(&p->languages);
}

/* A browser asks the server's leave before it sends JSON to another site, but not before it
 * sends a form: what is not said to be JSON is refused. */
static bool is_json(struct request *rq)
{
	const char *type = cgi_variable(&rq->cgi, "CONTENT_TYPE");
	size_t n = type ? strcspn(type, "; \t") : 0;

	if (n == strlen("application/json") && strncasecmp(type, "application/json", n) == 0)
		return true;
	answer_problem(rq, 415, "send a job as JSON, with Content-Type: application/json");
	return false;
}

/* The header's value may be a quoted string, as the draft of that header has it. */
static bool take_key(struct post *p)
{
	const char *s = cgi_variable(&p->rq->cgi, "HTTP_IDEMPOTENCY_KEY");
	size_t n = s ? strlen(s) : 0;

	if (n >= 2 && s[0] == '"' && s[n - 1] == '"')
		s++, n -= 2;
	if (!s)
		return true;
	if (n > KEY_MAX_LEN || n == 0) {
		answer_problem(p->rq, 400, "Idempotency-Key: must have 1 to %d bytes", KEY_MAX_LEN);
		return false;
	}
	memcpy(p->key, s, n);
	p->key[n] = 0;
	for (size_t i = 0, m; i < n; i += m)
		if ((m = utf8_printable(p->key + i, n - i)) == 0) {
			answer_problem(p->rq, 400, "Idempotency-Key: must be UTF-8 without control characters");
			return false;
		}
	return true;
}

/* Groups and keys are the owner's, and anonymous callers have one owner for all of them. */
static int check(struct post *p, const struct buf *text, struct cee_err *e)
{
	struct offer o = { 0 };

	if (offer_check(&p->rq->client, &p->languages, text->data ? text->data : "", text->len, &o, e) < 0)
		return -1;
	if (p->rq->anonymous && (*o.group || *o.key || *p->key))
		return cee_fail(e, EINVAL, "%s: is for callers who say who they are", *o.group ? "group" : "key");
	if (*p->key && *o.key && strcmp(p->key, o.key) != 0)
		return cee_fail(e, EINVAL, "key: the job says another than the header Idempotency-Key");
	return 0;
}

/* 0, or what submitter_put says. The job's input, if it is to come later, is left open for it. */
static int submit(struct post *p, struct buf *text, char id[ID_LEN + 1], struct cee_err *e)
{
	int r;

	p->input = (struct spool_input){ .dir = -1, .fd = -1 };
	r = submitter_put(&p->t, text, NULL, id, e);
	if (r != 0)
		return r;
	if (p->input.fd >= 0 && spool_input_keep(&p->input) < 0) {
		prog_error("%s: its input cannot be kept open: %s", id, strerror(errno));
		spool_input_leave(&p->input);
	}
	return 0;
}

static void not_submitted(struct request *rq, int r, int err, const struct cee_err *e)
{
	if (r > 0)
		answer_problem(rq, 400, "%s", e->msg);
	else if (err == EAGAIN)
		quota_full(rq);
	else
		answer_error(rq, err, e);
}

static void answer_events(struct post *p, const char *id)
{
	char ticket[TICKET_MAX];
	bool some = ticket_make(p->rq, ticket, id);

	memcpy(p->rq->id, id, ID_LEN + 1);
	events_submitted(p->rq, some ? ticket : NULL, p->cancel);
}

static void answer_created(struct post *p, const char *id)
{
	const char *notice = notice_text(p->rq);
	struct request *rq = p->rq;
	struct spool_where where = { 0 };
	AUTO_BUF struct buf b = { 0 };

	/* a key may stand for a job that is further already */
	if (*p->key && spool_find(&rq->client.spool, rq->client.owner, id, &where, NULL) < 0)
		where.state = STATE_CREATED;
	if (buf_printf(&b, "{\"id\":\"%s\",\"status\":\"%s\"%s%s%s}", id, state_name[where.state],
		       notice ? ",\"notice\":\"" : "", notice ? notice : "", notice ? "\"" : "") < 0)
		answer_die(rq);
	task_put_ticket(rq, &b, id);
	if (buf_add(&b, "\n", 1) < 0)
		answer_die(rq);
	answer_json(rq, 201, &b);
}

static void post_one(struct post *p, struct buf *text)
{
	struct request *rq = p->rq;
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	int r;

	if (check(p, text, &e) < 0) {
		answer_problem(rq, 400, "%s", e.msg);
		return;
	}
	if (!quota_take(rq, 1, (int64_t)text->len))
		return;
	r = submit(p, text, id, &e);
	if (r != 0) {
		not_submitted(rq, r, errno, &e);
		return;
	}
	answer_location(rq, id);
	if (p->events) {
		answer_events(p, id);
	} else if (p->wait_us > 0) {
		task_wait(rq, id, p->wait_us);
		task_answer(rq, 201, id);
	} else {
		answer_created(p, id);
	}
}

/* ---- an array in, an array out ---------------------------------------------------------- */

struct many {
	struct buf *text;
	char (*id)[ID_LEN + 1];
	int n, done;
};

static void many_release(struct many *m)
{
	for (int i = 0; i < m->n; i++)
		buf_release(&m->text[i]);
	free(m->text);
	free(m->id);
}

/* All are checked before any is submitted. */
static bool split(struct post *p, const struct buf *body, struct many *m)
{
	struct cee_err e = { 0 };
	AUTO_JSON cJSON *root = json_parse(body->data, body->len, &e);
	const cJSON *item;

	if (!root || cJSON_GetArraySize(root) == 0 || cJSON_GetArraySize(root) > ARRAY_MAX) {
		answer_problem(p->rq, 400, "%s", root ? "an array must hold 1 to 1000 jobs" : e.msg);
		return false;
	}
	m->text = calloc((size_t)cJSON_GetArraySize(root), sizeof *m->text);
	m->id = calloc((size_t)cJSON_GetArraySize(root), sizeof *m->id);
	if (!m->text || !m->id)
		answer_die(p->rq);
	cJSON_ArrayForEach(item, root)
	{
		AUTO_FREE char *text = cJSON_PrintUnformatted(item);

		if (!text || buf_add(&m->text[m->n], text, strlen(text)) < 0)
			answer_die(p->rq);
		m->n++;
		if (check(p, &m->text[m->n - 1], &e) < 0) {
			answer_problem(p->rq, 400, "[%d]: %s", m->n - 1, e.msg);
			return false;
		}
	}
	return true;
}

static int put_one_of_many(struct post *p, struct many *m, int i, struct buf *b)
{
	AUTO_BUF struct buf full = { 0 };
	struct cee_err e = { 0 };

	if (i >= m->done)
		return buf_printf(b,
				  "{\"title\":\"Too Many Requests\",\"status\":429,\"detail\":\"the queue is full\"}");
	if (p->wait_us > 0 && task_put(p->rq, m->id[i], &full, &e) == 0) {
		if (buf_add(b, full.data, full.len) < 0)
			return -1;
	} else if (buf_printf(b, "{\"id\":\"%s\",\"status\":\"%s\"}", m->id[i], state_name[STATE_CREATED]) < 0) {
		return -1;
	}
	task_put_ticket(p->rq, b, m->id[i]);
	return 0;
}

static void post_many(struct post *p, const struct buf *body)
{
	int64_t end = mono_us() + p->wait_us;
	AUTO_BUF struct buf b = { 0 };
	struct cee_err e = { 0 };
	struct many m = { 0 };
	int r = 0;

	if (*p->key) {
		answer_problem(p->rq, 400, "Idempotency-Key: is for one job; each of an array has a field key");
		return;
	}
	if (p->events) {
		answer_problem(p->rq, 406,
			       "a stream is of one task: submit an array for JSON, and read the events of each");
		return;
	}
	if (!split(p, body, &m) || !quota_take(p->rq, m.n, (int64_t)body->len)) {
		many_release(&m);
		return;
	}
	while (m.done < m.n && (r = submit(p, &m.text[m.done], m.id[m.done], &e)) == 0)
		m.done++;
	if (m.done == 0) {
		not_submitted(p->rq, r, errno, &e);
		many_release(&m);
		return;
	}
	for (int i = 0; i < m.done && p->wait_us > 0; i++)
		task_wait(p->rq, m.id[i], end - mono_us());
	for (int i = 0; i < m.n; i++)
		if (buf_add(&b, i ? "," : "[", 1) < 0 || put_one_of_many(p, &m, i, &b) < 0)
			answer_die(p->rq);
	if (buf_add(&b, "]\n", 2) < 0)
		answer_die(p->rq);
	answer_json(p->rq, m.done == m.n ? 201 : 207, &b);
	many_release(&m);
}

void tasks_post(struct request *rq)
{
	struct post p = { .rq = rq, .t = { .c = &rq->client, .no_block = true }, .input = { .dir = -1, .fd = -1 } };
	AUTO_BUF struct buf body = { 0 };
	struct cee_err e = { 0 };
	int status;

	p.t.languages = &p.languages;
	p.t.input = &p.input;
	p.wait_us = task_wait_asked(rq);
	if (p.wait_us < 0 || !is_json(rq) || !take_key(&p))
		return;
	p.t.key = *p.key ? p.key : NULL;
	p.events = events_asked(rq);
	if (p.events && !events_leave_asked(rq, &p.cancel))
		return;
	status = request_body(&rq->cgi, STDIN_FILENO, rq->client.conf.max_job, &body, &e);
	if (status) {
		answer_problem(rq, status, "%s", e.msg);
		return;
	}
	if (spool_languages_read(&rq->client.spool, &p.languages) < 0 && errno != ENOENT) {
		cee_fail(&e, errno, "languages.json: %s", strerror(errno));
		answer_error(rq, errno, &e);
		return;
	}
	if (body.len > 0 && body.data[strspn(body.data, " \t\r\n")] == '[')
		post_many(&p, &body);
	else
		post_one(&p, &body);
	post_release(&p);
}
