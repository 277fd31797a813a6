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
#include "base/json_write.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cli/submit.h"
#include "http/answer.h"
#include "http/answer_body.h"
#include "http/cgi.h"
#include "http/events.h"
#include "http/notice.h"
#include "http/quota.h"
#include "http/request.h"
#include "http/request_body.h"
#include "http/route.h"
#include "http/submitting.h"
#include "http/task_answer.h"
#include "http/task_json.h"
#include "http/task_state.h"
#include "http/task_wait.h"
#include "http/ticket.h"
#include "job/job.h"
#include "job/published.h"
#include "job/reasons.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/input.h"
#include "spool/spool.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct post {
	struct request *rq;
	struct submitter t;
	struct published *languages;
	struct spool_input input;
	char key[KEY_MAX_LEN + 1]; /* Idempotency-Key, "" none */
	struct task_wait wait;
	bool events;  /* the answer is a stream */
	bool session; /* each job must be one */
};

/* A valid job that is being submitted. */
struct checked_job {
	struct buf text;
	struct job_facts facts;
	struct job job;	     /* if facts.job is this one: for an answer that has the whole task */
	char id[ID_LEN + 1]; /* once it is submitted */
};

static void checked_job_release(struct checked_job *j)
{
	buf_release(&j->text);
	if (j->facts.job)
		job_release(j->facts.job);
}

static void post_release(struct post *p)
{
	spool_input_leave(&p->input);
	submitter_release(&p->t);
	published_free(p->languages);
}

/* A browser asks first before it sends JSON to another site, but not before it sends a form: so another
 * Content-Type is refused. */
static bool is_json(struct request *rq)
{
	if (cgi_content_type(&rq->cgi, "application/json"))
		return true;
	answer_problem(rq, 415, "send a job as JSON, with Content-Type: application/json");
	return false;
}

/* The header's value may be a quoted string, as in the draft standard of that header. */
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
static int names_allowed(const struct post *p, const struct job_facts *o, struct cee_err *e)
{
	if (p->session && !o->session)
		return cee_fail(e, EINVAL, "session: is missing: give {\"idle\": \"15m\"}, or {}");
	if (p->rq->anonymous && (*o->group || *o->key || *p->key))
		return cee_fail(e, EINVAL, "%s: requires a login or a token", *o->group ? "group" : "key");
	if (*p->key && *o->key && strcmp(p->key, o->key) != 0)
		return cee_fail(e, EINVAL, "key: differs from the header Idempotency-Key");
	return 0;
}

/* Whoever waits gets the whole task, and its job is not parsed for that once more. With a key the task may be an earlier one,
 * whose job is in the spool alone. */
static const struct job *known_job(const struct post *p, const struct checked_job *j)
{
	return *p->key || *j->facts.key ? NULL : j->facts.job;
}

/* 0, or as submitter_put. If the job's input comes later, the input stays open. */
static int submit(struct post *p, struct checked_job *j, struct cee_err *e)
{
	int r;

	p->input = (struct spool_input){ .dir = -1, .fd = -1 };
	r = submitter_put_checked(&p->t, &j->facts, &j->text, NULL, j->id, e);
	if (r != 0)
		return r;
	buf_release(&j->text); /* a reader may wait for long */
	if (p->input.fd >= 0 && spool_input_keep(&p->input) < 0) {
		prog_error("%s: its input cannot be kept open: %s", j->id, strerror(errno));
		spool_input_leave(&p->input);
	}
	return 0;
}

static void answer_events(struct post *p, const char *id)
{
	char ticket[TICKET_MAX];
	bool some = ticket_make(p->rq, ticket, id);

	memcpy(p->rq->id, id, ID_LEN + 1);
	events_submitted(p->rq, some ? ticket : NULL, p->wait.cancel);
}

static void put_created(struct post *p, struct json_writer *w, const char *id, enum state state, const char *notice)
{
	json_open(w, NULL, '{');
	json_put_text(w, "id", id);
	json_put_text(w, "status", state_name[state]);
	if (notice)
		json_put_text(w, "notice", notice);
	ticket_put(p->rq, w, id);
	json_close(w, '}');
}

static enum state state_now(struct post *p, const char *id)
{
	struct client *c = &p->rq->client;
	struct spool_where where = { 0 };

	return spool_find(&c->spool, c->owner, id, &where, NULL) < 0 ? STATE_CREATED : where.state;
}

static void answer_created(struct post *p, const char *id)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	/* with a key the job may be an earlier one that is already running or has ended */
	put_created(p, &w, id, *p->key ? state_now(p, id) : STATE_CREATED, notice_text(p->rq));
	if (json_end_line(&w) < 0)
		answer_die(p->rq);
	answer_json(p->rq, 201, &b);
}

/* The job is there, and memory is not enough for the answer that was asked for: one with the id alone, for otherwise the
 * caller would submit it once more. */
static void answer_id(struct request *rq, const void *arg)
{
	const struct checked_job *j = arg;
	char text[300];
	int n = snprintf(text, sizeof text,
			 "Status: 201 Created\r\nContent-Type: application/json\r\n\r\n"
			 "{\"id\":\"%s\",\"status\":\"%s\"}\n",
			 j->id, state_name[STATE_CREATED]);

	reader_write(&rq->reader, text, (size_t)n);
}

/* text becomes the job's. */
static void post_one(struct post *p, struct buf *text)
{
	struct checked_job j = { .text = *text };
	struct request *rq = p->rq;
	struct cee_err e = { 0 };
	int r;

	*text = (struct buf){ 0 };
	if (p->wait.us > 0 && !p->events)
		j.facts.job = &j.job;
	if (checked_job_read(&rq->client, p->languages, j.text.data ? j.text.data : "", j.text.len, &j.facts, &e) < 0 ||
	    names_allowed(p, &j.facts, &e) < 0) {
		answer_problem(rq, 400, "%s", e.msg);
	} else if (quota_take(rq, 1, (int64_t)j.text.len)) {
		r = submit(p, &j, &e);
		if (r != 0) {
			submitting_failed(rq, r, errno, &e);
		} else {
			rq->answer_done = answer_id;
			rq->answer_arg = &j;
			answer_location(rq, j.id);
			if (p->events)
				answer_events(p, j.id);
			else if (p->wait.us == 0)
				answer_created(p, j.id);
			else if (task_wait(rq, j.id, &p->wait, 201))
				task_answer(rq, 201, j.id, known_job(p, &j));
		}
	}
	rq->answer_done = NULL;
	checked_job_release(&j);
}

/* ---- an array in, an array out ---------------------------------------------------------- */

enum { MANY_WHOLE = 8 << 20 }; /* bytes of an answer, after which tasks have their id and status only */
struct many {
	struct checked_job *job;
	int n, done;
	int err; /* of the one that was not submitted */
};

static void many_release(struct many *m)
{
	for (int i = 0; i < m->n; i++)
		checked_job_release(&m->job[i]);
	free(m->job);
}

/* The text is written from the parsed array, so that no job is parsed twice. */
static int check_one(struct post *p, const cJSON *item, struct checked_job *j, struct cee_err *e)
{
	AUTO_FREE char *text = cJSON_PrintUnformatted(item);
	struct client *c = &p->rq->client;

	if (!text || buf_add(&j->text, text, strlen(text)) < 0)
		answer_die(p->rq);
	if (p->wait.us > 0)
		j->facts.job = &j->job;
	return checked_job_length(c, j->text.len, e) < 0 || checked_job_take(c, p->languages, item, &j->facts, e) < 0 ||
			       names_allowed(p, &j->facts, e) < 0
		       ? -1
		       : 0;
}

/* All are checked before any is submitted. */
static bool split(struct post *p, const struct buf *body, struct many *m)
{
	struct cee_err e = { 0 };
	AUTO_JSON cJSON *root = json_parse(body->data, body->len, &e);
	const cJSON *item;

	if (!root || cJSON_GetArraySize(root) == 0 || cJSON_GetArraySize(root) > QUOTA_JOBS_MAX) {
		answer_problem(p->rq, 400, "%s", root ? "an array must hold 1 to 1000 jobs" : e.msg);
		return false;
	}
	m->job = calloc((size_t)cJSON_GetArraySize(root), sizeof *m->job);
	if (!m->job)
		answer_die(p->rq);
	cJSON_ArrayForEach(item, root)
	{
		if (check_one(p, item, &m->job[m->n++], &e) < 0) {
			answer_problem(p->rq, 400, "[%d]: %s", m->n - 1, e.msg);
			return false;
		}
	}
	return true;
}

/* As answer_id, of many. */
static void answer_ids(struct request *rq, const void *arg)
{
	const struct many *m = arg;
	char text[120];
	int n = snprintf(text, sizeof text, "Status: %d %s\r\nContent-Type: application/json\r\n\r\n[",
			 m->done == m->n ? 201 : 207, m->done == m->n ? "Created" : "Multi-Status");

	reader_write(&rq->reader, text, (size_t)n);
	for (int i = 0; i < m->n; i++) {
		const char *comma = i < m->n - 1 ? "," : "]\n";

		if (i < m->done)
			n = snprintf(text, sizeof text, "{\"id\":\"%s\",\"status\":\"%s\"}%s", m->job[i].id,
				     state_name[STATE_CREATED], comma);
		else
			n = snprintf(text, sizeof text, "{\"title\":\"Internal Server Error\",\"status\":500}%s",
				     comma);
		reader_write(&rq->reader, text, (size_t)n);
	}
}

static void put_one_of_many(struct post *p, const struct many *m, int i, struct body *body, struct task_room *room)
{
	struct cee_err e = { 0 };
	const char *id = m->job[i].id;

	if (i >= m->done && (m->err == EAGAIN || m->err == EDQUOT))
		answer_put_problem(&body->w, 429, m->err == EAGAIN ? "the queue is full" : strerror(m->err));
	else if (i >= m->done)
		answer_put_problem(&body->w, 500, strerror(m->err));
	else if (p->wait.us == 0)
		put_created(p, &body->w, id, STATE_CREATED, NULL);
	else if (body->sent > MANY_WHOLE || task_put(body, id, known_job(p, &m->job[i]), room, true, &e) < 0)
		put_created(p, &body->w, id, state_now(p, id), NULL);
	body_pass(body);
}

/* The output of all of them together is bounded, as that of one is; and so is all else: what comes after MANY_WHOLE
 * bytes is short. */
static void answer_many(struct post *p, const struct many *m)
{
	struct body body;
	struct task_room room = TASK_ROOM;

	body_init(&body, p->rq, m->done == m->n ? 201 : 207);
	json_open(&body.w, NULL, '[');
	for (int i = 0; i < m->n; i++)
		put_one_of_many(p, m, i, &body, &room);
	json_close(&body.w, ']');
	body_end(&body);
}

/* False: the reader has gone; the jobs are cancelled when that was asked. */
static bool wait_for_many(struct post *p, const struct many *m)
{
	int64_t until = mono_us() + p->wait.us;
	struct client *c = &p->rq->client;
	bool there = true;

	for (int i = 0; i < m->done && there && p->wait.us > 0; i++)
		there = task_wait_until(p->rq, m->job[i].id, until, m->done == m->n ? 201 : 207);
	for (int i = 0; i < m->done && !there && p->wait.cancel; i++)
		spool_cancel(&c->spool, c->owner, m->job[i].id, NULL);
	return there;
}

static bool many_allowed(struct post *p)
{
	if (*p->key)
		answer_problem(p->rq, 400, "Idempotency-Key: is for one job; each of an array has a field key");
	else if (p->events)
		answer_problem(p->rq, 406,
			       "a stream has the events of one task: submit the array with Accept: application/json, "
			       "then read the events of each");
	else
		return true;
	return false;
}

static void post_many(struct post *p, const struct buf *body)
{
	struct cee_err e = { 0 };
	struct many m = { 0 };
	int r = 0;

	if (!many_allowed(p))
		return;
	if (split(p, body, &m) && quota_take(p->rq, m.n, (int64_t)body->len)) {
		while (m.done < m.n && (r = submit(p, &m.job[m.done], &e)) == 0)
			m.done++;
		m.err = r == 0 ? 0 : errno;
		p->rq->answer_done = m.done ? answer_ids : NULL;
		p->rq->answer_arg = &m;
		if (m.done == 0)
			submitting_failed(p->rq, r, m.err, &e);
		else if (wait_for_many(p, &m))
			answer_many(p, &m);
	}
	p->rq->answer_done = NULL;
	many_release(&m);
}

void tasks_post(struct request *rq)
{
	struct post p = { .rq = rq, .t = { .c = &rq->client, .no_block = true }, .input = { .dir = -1, .fd = -1 } };
	AUTO_BUF struct buf body = { 0 };
	struct cee_err e = { 0 };
	int status;

	p.t.input = &p.input;
	if (!task_wait_asked(rq, &p.wait) || !is_json(rq) || !take_key(&p))
		return;
	p.t.key = *p.key ? p.key : NULL;
	p.events = events_asked(rq);
	p.session = strcmp(rq->route->pattern, "/sessions") == 0;
	status = request_body(&rq->cgi, STDIN_FILENO, rq->client.conf.max_job, &body, &e);
	if (status) {
		answer_problem(rq, status, "%s", e.msg);
		return;
	}
	p.languages = submitting_languages(rq);
	if (!p.languages)
		return;
	if (body.len > 0 && body.data[strspn(body.data, " \t\r\n")] == '[')
		post_many(&p, &body);
	else
		post_one(&p, &body);
	post_release(&p);
}
