/* task_answer.h - a whole task as the answer to a request */
#ifndef CEE_HTTP_TASK_ANSWER_H
#define CEE_HTTP_TASK_ANSWER_H

#include "base/buf.h"
#include "http/request.h"

/* Answers with the task, or 404. With 201 it has a ticket. */
void task_answer(struct request *rq, int status, const char *id);
/* Adds ,"ticket":"…" to the object that b ends with; one without it is an answer too. */
void task_put_ticket(struct request *rq, struct buf *b, const char *id);

#endif
