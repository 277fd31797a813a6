/* task_state.h - reads a task: its state, its job, its result, its output */
#ifndef CEE_HTTP_TASK_STATE_H
#define CEE_HTTP_TASK_STATE_H

#include "base/buf.h"
#include "base/error.h"
#include "http/request.h"
#include "job/job.h"
#include "job/reasons.h"
#include "job/result.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of output that an answer may still hold: it is bounded, the streams (byte_streams.c) are not. */
struct task_room {
	size_t out, err;
	const char *rest; /* how to get the rest, for the line where it is cut; NULL: over HTTP */
};
#define TASK_ROOM ((struct task_room){ .out = 768 << 10, .err = 256 << 10 })

struct task {
	const char *id; /* the caller's */
	enum state state;
	int attempt;
	bool ended;
	struct buf text;	      /* of its result */
	struct result result;	      /* when ended */
	const struct job *job;	      /* the caller's, or own; NULL: it could not be read */
	struct job own;		      /* released with the task if job is this one */
	struct buf out, err, compile; /* with a line where bytes are missing */
	bool cut;		      /* output is missing */
};
/* Finds the task: its result, or how far it is. -1: ENOENT this owner has no such task. */
int task_find(struct request *rq, struct task *t, struct cee_err *e);
/* The job's text. -1 and errno. */
int task_job_text(struct request *rq, const struct task *t, struct buf *text);
/* Unless the task has its job already. */
void task_read_job(struct request *rq, struct task *t);
/* Reads its output as far as room allows, and takes that from room. -1 and e. */
int task_read_output(struct request *rq, struct task *t, struct task_room *room, struct cee_err *e);
/* Releases what was read, and keeps errno. */
void task_release(struct task *t);

#endif
