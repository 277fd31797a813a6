/* task_answer.h - a whole task as the answer to a request */
#ifndef CEE_HTTP_TASK_ANSWER_H
#define CEE_HTTP_TASK_ANSWER_H

#include "http/request.h"

/* Answers with the task, or 404. With 201 it has a ticket. */
void task_answer(struct request *rq, int status, const char *id);

#endif
