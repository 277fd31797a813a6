/* find.h - finding a job: its place, its text, its result */
#ifndef CEE_SPOOL_FIND_H
#define CEE_SPOOL_FIND_H

#include "base/buf.h"
#include "base/error.h"
#include "job/result.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <stddef.h>

/* The place of a job; spool_find: ENOENT the job is unknown. */
struct spool_where {
	enum state state;	/* FINISHED stands for "has a result" here */
	int attempt;		/* 0 none yet */
	char runner[OWNER_MAX]; /* the runner that has claimed it, "" none */
};
int spool_find(struct spool *s, const char *owner, const char *id, struct spool_where *w, struct cee_err *e);
/* ENOENT: the job has not ended. */
int spool_read_result(struct spool *s, const char *owner, const char *id, struct buf *b);
/* Reads the lines of the tests that have ended in that attempt. ENOENT: the job has no tests, or no such attempt. */
int spool_read_tests(struct spool *s, const char *owner, const char *id, int attempt, struct buf *b);
/* Reads the job as it was submitted, at most max bytes. */
int spool_read_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b);
/* The same for a job that has ended: looks beside its result first, where nearly all such jobs have their text. */
int spool_read_ended_job(struct spool *s, const char *owner, const char *id, size_t max, struct buf *b);
/* The same for a queued job whose name in the queue is known. ENOENT: the job is no longer queued. */
int spool_read_waiting(struct spool *s, const char *owner, const char *id, int priority, int attempts, size_t max,
		       struct buf *b);

#endif
