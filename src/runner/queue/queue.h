/* queue.h - queued jobs of a spool, and requests of users
 *
 * The directories are the truth. Events of inotify, and scans that read everything again, keep what is here
 * near to it; a job that another runner has claimed meanwhile stays until its turn, and its claim fails then.
 *
 *     queue_new, queue_scan, then queue_next for each free place; the ops are called from the loop
 */
#ifndef RUNNER_QUEUE_H
#define RUNNER_QUEUE_H

#include "base/error.h"
#include "base/loop.h"
#include "runner/core/queued.h"
#include "runner/queue/pending.h"
#include "runner/queue/turns.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_ops {
	void (*changed)(void *arg); /* jobs may have come */
	enum request_result (*cancel)(void *arg, const char *owner, const char *id);
	/* An entry of OWNER/in came, or was written to; any name. */
	enum request_result (*input)(void *arg, const char *owner, const char *name);
	/* In a shared spool only: a finished job is to be removed; an entry of join/, any name. */
	enum request_result (*removal)(void *arg, const char *owner, const char *id);
	void (*join)(void *arg, const char *name);
	void *arg;
};
struct queue;
/* s must stay. most_waiting: of one owner; other jobs wait in the directory
 * until a scan. NULL: e says why. */
struct queue *queue_new(struct loop *l, struct spool *s, const struct queue_ops *ops, size_t most_waiting,
			struct cee_err *e);
void queue_free(struct queue *q);	 /* NULL is let through */
bool queue_blind(const struct queue *q); /* no events come: scan often */
/* Reads the directories again. */
void queue_scan(struct queue *q);
/* Room for requests may have come: those that had to wait are tried again. */
void queue_retry(struct queue *q);

/* Owners in turn (turns.h), skipping those who may not begin; within an owner priority, then age. Opens no file.
 * False: nothing may begin. */
bool queue_next(struct queue *q, turns_may_fn may_begin, void *arg, struct queued *job);
/* The job that was handed out last was another runner's already: its owner's turn is not over. */
void queue_again(struct queue *q, const char *owner);
/* Takes that job out of the order, wherever it is. */
bool queue_take(struct queue *q, const char *owner, const char *id, struct queued *job);
size_t queue_length(const struct queue *q);
/* Does another owner have waiting jobs? */
bool queue_others_wait(const struct queue *q, const char *owner);
/* Does that job wait here? */
bool queue_has(const struct queue *q, const char *owner, const char *id);
/* Reads a few waiting jobs for their start_within; no part of choosing. */
void queue_examine(struct queue *q, size_t max_job);
/* Hands out a job whose start_within is over at now (microseconds since the epoch). */
bool queue_expired(struct queue *q, int64_t now, struct queued *job);
#endif
