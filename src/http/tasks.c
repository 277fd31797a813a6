/* tasks.c - GET and DELETE /tasks/{id}: a task is read, cancelled, erased */
#include "http/tasks.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"
#include "http/task_answer.h"
#include "http/task_json.h"
#include "http/task_wait.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/remove.h"

#include <errno.h>
#include <time.h>

enum { REMOVE_TRIES = 100, REMOVE_PAUSE_MS = 20 };

void tasks_get(struct request *rq)
{
	struct spool_where where;
	struct cee_err e = { 0 };
	struct task_wait wait;

	if (!task_wait_asked(rq, &wait))
		return;
	/* a wait for a task that is not there would last for all of its time, and the status would be 200 */
	if (wait.us > 0 && spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &e) < 0)
		answer_error(rq, errno, &e);
	else if (task_wait(rq, rq->id, &wait, 200))
		task_answer(rq, 200, rq->id, NULL);
}

void tasks_job(struct request *rq)
{
	AUTO_BUF struct buf b = { 0 };
	struct cee_err e = { 0 };

	if (task_put_job(rq, rq->id, &b, &e) < 0)
		answer_error(rq, errno, &e);
	else
		answer_json(rq, 200, &b);
}

/* ---- DELETE: cancels a live task, removes one that has ended -------------------------------- */

static void cancel(struct request *rq)
{
	struct task_wait wait;
	struct cee_err e = { 0 };

	if (!task_wait_asked(rq, &wait))
		return;
	if (spool_cancel(&rq->client.spool, rq->client.owner, rq->id, &e) < 0) {
		answer_error(rq, errno, &e);
		return;
	}
	if (task_wait(rq, rq->id, &wait, 202))
		task_answer(rq, 202, rq->id, NULL);
}

/* ?cancel: the result of a program that has just ended is not erased. */
static void cancel_only(struct request *rq)
{
	struct spool_where where;
	struct cee_err e = { 0 };

	if (spool_find(&rq->client.spool, rq->client.owner, rq->id, &where, &e) < 0)
		answer_error(rq, errno, &e);
	else if (where.state == STATE_FINISHED)
		answer_problem(rq, 409, "the task has ended already");
	else
		cancel(rq);
}

void tasks_delete(struct request *rq)
{
	const struct timespec pause = { .tv_nsec = REMOVE_PAUSE_MS * 1000000L };
	struct cee_err e = { 0 };

	if (cgi_query(&rq->cgi, "cancel")) {
		cancel_only(rq);
		return;
	}
	for (int i = 0; i < REMOVE_TRIES; i++) {
		if (spool_remove(&rq->client.spool, rq->client.owner, rq->id, &e) == 0) {
			answer_empty(rq, 204);
			return;
		}
		if (errno == EBUSY) {
			cancel(rq);
			return;
		}
		if (errno != EAGAIN) {
			answer_error(rq, errno, &e);
			return;
		}
		nanosleep(&pause, NULL); /* a runner puts its file away, a moment after the result */
	}
	answer_header(rq, "Retry-After", "2");
	answer_problem(rq, 503, "%s", e.msg);
}
