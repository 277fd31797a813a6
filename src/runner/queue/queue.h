/* queue.h - queued jobs of a spool, and requests of users
 *
 * The directories are authoritative. Events of inotify, and scans that read everything again, keep the queue close to
 * them; a job that another runner has claimed meanwhile remains until its turn, when claiming it fails.
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
	/* A job is to be cancelled. The results of these three are those of pending.h. */
	enum request_result (*cancel)(void *arg, const char *owner, const char *id);
	/* An entry of OWNER/in, with any name, was created or written to. */
	enum request_result (*input)(void *arg, const char *owner, const char *name);
	/* In a shared spool only: a finished job is to be removed; an entry of join/, any name. */
	enum request_result (*removal)(void *arg, const char *owner, const char *id);
	void (*join)(void *arg, const char *name);
	/* An owner's directory is gone, and nothing of this owner waits. */
	void (*owner_gone)(void *arg, const char *owner);
	void *arg;
};
struct queue;
/* s must outlive the queue. most_waiting: limit of waiting jobs of one owner; others remain in the directory until a
 * scan. NULL: the reason is in e. */
struct queue *queue_new(struct loop *l, struct spool *s, const struct queue_ops *ops, size_t most_waiting,
			struct cee_err *e);
void queue_free(struct queue *q);	 /* NULL is ignored */
bool queue_blind(const struct queue *q); /* no events come: scan often */
/* Reads the directories again. */
void queue_scan(struct queue *q);
/* Call when there may be room for requests again: those that had to wait are retried. */
void queue_retry(struct queue *q);

/* Owners in turn (turns.h), skipping owners that may not begin; within an owner by priority, then age. Opens no file.
 * False: nothing may begin. */
bool queue_next(struct queue *q, turns_may_fn may_begin, void *arg, struct queued *job);
/* Another runner already had the job that was handed out last: its owner keeps the turn. */
void queue_again(struct queue *q, const char *owner);
/* Removes that job from the queue, whatever its position. */
bool queue_take(struct queue *q, const char *owner, const char *id, struct queued *job);
size_t queue_length(const struct queue *q);
/* Does another owner have waiting jobs? */
bool queue_others_wait(const struct queue *q, const char *owner);
/* Is that job waiting in this queue? */
bool queue_has(const struct queue *q, const char *owner, const char *id);
/* Reads the start_within of a few waiting jobs; independent of queue_next. */
void queue_examine(struct queue *q, size_t max_job);
/* Hands out a job whose start_within has expired at now (microseconds since the epoch). */
bool queue_expired(struct queue *q, int64_t now, struct queued *job);
#endif
