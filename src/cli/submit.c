/* submit.c - submitting jobs (submit.h)
 *
 * The steps: the job is checked; it gets an id; its key, if any, is taken, which may give the id
 * of an earlier submit; the id is written into the group; the job is submitted. Each step is
 * durable before the next one, so if a process or the machine dies in between, repeating the
 * submit results in one job in its group.
 *
 * The jobs of a process that name no group belong to the group of the first one, which needs no
 * file until it has a second job.
 */
#include "cli/submit.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_write.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "spool/find.h"
#include "spool/group.h"
#include "spool/input.h"
#include "spool/key.h"
#include "spool/queue_capacity.h"
#include "spool/submission.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_WARN_MS = 500 };

static void begin(struct submitter *t)
{
	if (t->begun)
		return;
	t->begun = true;
	group_init(&t->g);
	queue_capacity_init(&t->room);
}

void submitter_release(struct submitter *t)
{
	if (!t->begun)
		return;
	group_release(&t->g);
	queue_capacity_release(&t->room);
	t->begun = false;
}

int submitter_status(int err)
{
	switch (err) {
	case EAGAIN:
	case ENOSPC:
	case EDQUOT:
	case ETIMEDOUT:
		return EX_TEMPFAIL;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EINVAL:
	case EEXIST:
		return EX_DATAERR;
	case EINTR:
		return 130;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return EX_OSERR;
	default:
		return EX_IOERR;
	}
}

/* ---- the text -------------------------------------------------------------------- */

/* Puts a field before the first one. text is an object with fields: it was checked. */
static int splice(struct buf *text, const char *name, const char *value)
{
	/* analyzer: an object, so it has text and a brace */
	const char *fields = (const char *)memchr(text->data, '{', text->len) + 1;
	struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_put_text(&w, name, value);
	json_put_raw(&w, NULL, fields, (size_t)(text->data + text->len - fields)); /* with the brace at its end */
	if (json_written(&w) < 0) {
		buf_release(&b);
		return -1;
	}
	buf_release(text);
	*text = b;
	return 0;
}

/* Combines a field's value in the job with that of the command line. 1: they differ. */
static int settle(const char *field, const char *option, const char *jobs, struct buf *text, struct cee_err *e)
{
	if (!option || strcmp(option, jobs) == 0)
		return 0;
	if (*jobs) {
		cee_fail(e, EINVAL, "%s: \"%s\" in the job, but \"%s\" on the command line", field, jobs, option);
		return 1;
	}
	return splice(text, field, option) < 0 ? cee_fail(e, ENOMEM, "out of memory") : 0;
}

/* ---- the spool ------------------------------------------------------------------------ */

/* A client that chose the id may repeat the submit: the same job under the same id is a success. */
static bool same_job(struct submitter *t, const char *id, const struct buf *text)
{
	AUTO_BUF struct buf there = { 0 };

	return spool_read_job(&t->c->spool, t->c->owner, id, (size_t)t->c->conf.max_job, &there) == 0 &&
	       /* analyzer: a job is never empty, so both have text */
	       there.len == text->len && memcmp(there.data, text->data, text->len) == 0;
}

struct job_in {
	const struct buf *text;
	const char *own, *group, *key;
	int priority;
	bool stream;
};

/* Chooses the job's id, and writes it into the group. */
static int name_job(struct submitter *t, const struct job_in *j, char id[ID_LEN + 1], struct cee_err *e)
{
	if (j->group && strcmp(t->g.name, j->group) != 0 &&
	    group_open(&t->g, &t->c->spool, t->c->owner, j->group, e) < 0)
		return -1;
	if (j->own)
		memcpy(id, j->own, ID_LEN + 1);
	else if (!j->group)
		id_make(id);
	else
		return group_next(&t->g, id, e);
	return j->group ? group_add(&t->g, id, e) : 0;
}

/* Takes the key: *id becomes the id that the key stands for. */
static int take_key(struct submitter *t, const struct job_in *j, struct key *k, char id[ID_LEN + 1], struct cee_err *e)
{
	if (key_take(k, &t->c->spool, t->c->owner, j->key, id, e) < 0)
		return -1;
	if (!k->found || strcmp(k->id, id) == 0)
		return 0;
	if (j->group && !j->own)
		group_back(&t->g);
	memcpy(id, k->id, ID_LEN + 1);
	return j->group && strcmp(j->group, id) != 0 ? group_add(&t->g, id, e) : 0;
}

/* Makes the job's input, unless another process has submitted this job (same id or key). */
static int make_input(struct submitter *t, const struct job_in *j, bool known, const char *id, struct cee_err *e)
{
	if (!j->stream || known || spool_input_make(&t->c->spool, t->c->owner, id, t->input, e) == 0)
		return 0;
	return errno == EEXIST && j->own ? 0 : -1;
}

static int submit(struct submitter *t, const struct job_in *j, char id[ID_LEN + 1], struct cee_err *e)
{
	struct key k = { .fd = -1 };
	struct spool_bounds bounds = { .max_queued = t->c->conf.max_queued,
				       .min_room = t->c->conf.min_room,
				       .keep_bytes = t->c->conf.keep_bytes };
	int r = name_job(t, j, id, e), err;

	if (r == 0 && j->key)
		r = take_key(t, j, &k, id, e);
	if (r == 0)
		r = make_input(t, j, k.found, id, e);
	if (r < 0) {
		key_release(&k);
		return -1;
	}
	bounds.fresh = !j->own && !k.found;
	r = spool_submit(&t->c->spool, t->c->owner, id, j->priority, j->text->data, j->text->len, &bounds, e);
	err = errno;
	if (r < 0 && t->input)
		spool_input_drop(t->input);
	if (r < 0 && err == EEXIST && (k.found || (j->own && same_job(t, id, j->text))))
		r = 0;
	else if (r < 0 && err == EEXIST && j->own)
		cee_fail(e, EEXIST, "%s: another job has this id (use another id, or none)", id);
	if (r < 0 && err == EAGAIN && j->group && !j->own && !j->key)
		group_back(&t->g); /* the id can be used by a retry that comes soon */
	key_release(&k);
	errno = err;
	return r;
}

static int wait_for_room(struct submitter *t)
{
	int timeout = WAIT_WARN_MS, r;

	while ((r = queue_capacity_wait(&t->room, &t->c->spool, t->c->owner, t->c->conf.max_queued, timeout)) == 0) {
		client_warn_runner(t->c, &t->warned);
		timeout = -1;
	}
	return r < 0 ? -1 : 0;
}

int submitter_put_checked(struct submitter *t, const struct job_facts *o, struct buf *text, const char *own,
			  char id[ID_LEN + 1], struct cee_err *e)
{
	struct job_in j = { .text = text, .own = own };
	int r;

	begin(t);
	if (spool_may_submit(&t->c->spool, t->c->owner, e) < 0)
		return -1;
	if (o->stdin_stream && !t->input) {
		cee_fail(e, EINVAL,
			 "stdin_stream: requires -w, and a standard input that is not"
			 " used otherwise");
		return 1;
	}
	j.priority = o->priority;
	j.stream = o->stdin_stream;
	j.group = t->group ? t->group : *o->group ? o->group : *t->first ? t->first : NULL;
	j.key = t->key ? t->key : *o->key ? o->key : NULL;
	if ((r = settle("group", j.group, o->group, text, e)) != 0 || (r = settle("key", j.key, o->key, text, e)) != 0)
		return r;
	if (text->len > (size_t)t->c->conf.max_job) {
		cee_fail(e, EFBIG, "the job is %zu bytes with its group (at most %lld, max_job of cee.conf)", text->len,
			 (long long)t->c->conf.max_job);
		return 1;
	}
	while ((r = submit(t, &j, id, e)) < 0 && errno == EAGAIN && !t->no_block && wait_for_room(t) == 0)
		;
	if (r < 0)
		return -1;
	if (!j.group)
		memcpy(t->first, id, ID_LEN + 1);
	return 0;
}

int submitter_put(struct submitter *t, struct buf *text, const char *own, char id[ID_LEN + 1], struct cee_err *e)
{
	struct job_facts o = { .job = t->job };

	if (checked_job_read(t->c, t->languages, text->data ? text->data : "", text->len, &o, e) < 0)
		return 1;
	return submitter_put_checked(t, &o, text, own, id, e);
}
