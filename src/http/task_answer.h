/* task_answer.h - a whole task as the answer to a request */
#ifndef CEE_HTTP_TASK_ANSWER_H
#define CEE_HTTP_TASK_ANSWER_H

#include "http/request.h"

struct job;

/* Answers with the task, or 404. With 201 it has a ticket. known: its job, or NULL: read from the spool. */
void task_answer(struct request *rq, int status, const char *id, const struct job *known);

#endif
