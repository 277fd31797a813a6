/* task_json.h - a task in JSON */
#ifndef CEE_HTTP_TASK_JSON_H
#define CEE_HTTP_TASK_JSON_H

#include "base/buf.h"
#include "base/error.h"
#include "http/answer_body.h"
#include "http/cgi.h"
#include "http/request.h"
#include "http/task_state.h"

#include <stdbool.h>
#include <stddef.h>

/* Writes the task to body->w, with a ticket where that is asked for, and as much of its output as room allows, which
 * it takes from room. known: its job, or NULL: read from the spool. -1, with nothing written: ENOENT this owner has no
 * such task. */
int task_put(struct body *body, const char *id, const struct job *known, struct task_room *room, bool ticket,
	     struct cee_err *e);

/* Writes how the task ended, without its job and output, as fields: id, status, exitCode, result. -1 as task_put. */
int task_put_verdict(struct request *rq, const char *id, struct json_writer *w, struct cee_err *e);

/* Appends the job as it was submitted, in JSON as RFC 8259 has it. -1 as task_put. */
int task_put_job(struct request *rq, const char *id, struct buf *b, struct cee_err *e);

struct task_filter {
	int state; /* enum state, -1 any */
	const char *labels[CGI_PARAMS_MAX];
	size_t nlabels; /* NAME=VALUE, all of them must match */
};
/* An object of the list: 1 written, 0 it does not match, -1 as task_put. */
int task_put_short(struct request *rq, const char *id, const struct task_filter *f, struct json_writer *w,
		   struct cee_err *e);

#endif
