/* task.h - what the handlers of /tasks share (first.c, tasks.c, list.c, raw.c) */
#ifndef CEE_TASK_H
#define CEE_TASK_H

#include "base/buf.h"
#include "base/error.h"
#include "http/cgi.h"
#include "http/request.h"
#include "job/labels.h"
#include "job/result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* Appends the task's JSON. -1: ENOENT there is none of this owner. */
int task_put(struct web *w, const char *id, struct buf *b, struct cee_err *e);

/* Appends the job as it was submitted, in JSON as RFC 8259 has it. -1 as task_put. */
int task_put_job(struct web *w, const char *id, struct buf *b, struct cee_err *e);

struct task_filter {
	int state; /* enum state, -1 any */
	const char *labels[CGI_PARAMS_MAX];
	size_t nlabels; /* NAME=VALUE, all of them */
};
bool task_fits(const struct task_filter *f, enum state state, const struct job_label *l, size_t n);
/* A line of the list: 1 appended, 0 it does not fit, -1 as task_put. */
int task_put_short(struct web *w, const char *id, const struct task_filter *f, struct buf *b, struct cee_err *e);

/* No runner is alive, and none has come or gone for 10 s. */
#define TASK_NOTICE "no runner is alive: the task waits until one is started"
bool task_no_runner(struct web *w);
/* ?wait=SECONDS: microseconds, 0 not asked; -1 answered already (it is no time). */
int64_t task_wait_asked(struct web *w);
/* Until the job has ended, or that long. */
void task_wait(struct web *w, const char *id, int64_t us);

/* events.c. Does the request accept events, in one form or the other? */
bool events_asked(const struct web *w);
/* ?on_disconnect=cancel: the task ends when its reader goes. False: answered. */
bool events_leave_asked(struct web *w, bool *cancel);
/* Answers with the events of w->id, which was submitted just now; ticket may be NULL. */
void events_submitted(struct web *w, const char *ticket, bool cancel);

/* quota.c: may the owner submit n jobs of so many bytes now? Else it has answered 429. */
bool quota_take(struct web *w, int64_t jobs, int64_t bytes);
/* The owner's queue is full: 429, with when a place will be free at the rate it moves at. */
void quota_full(struct web *w);
#endif
