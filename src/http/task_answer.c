/* task_answer.c - a whole task as the answer to a request */
#include "http/task_answer.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/request.h"
#include "http/task_json.h"
#include "http/ticket.h"

#include <errno.h>

/* ,"ticket":"…" into the object that b ends with; one without it is an answer too. */
void task_put_ticket(struct request *rq, struct buf *b, const char *id)
{
	char ticket[TICKET_MAX];

	if (!ticket_make(rq, ticket, id))
		return;
	b->len--;
	if (buf_printf(b, ",\"ticket\":\"%s\"}", ticket) < 0)
		answer_die(rq);
}

void task_answer(struct request *rq, int status, const char *id)
{
	AUTO_BUF struct buf b = { 0 };
	struct cee_err e = { 0 };

	if (task_put(rq, id, &b, &e) < 0) {
		answer_error(rq, errno, &e);
		return;
	}
	if (status == 201)
		task_put_ticket(rq, &b, id);
	if (buf_add(&b, "\n", 1) < 0)
		answer_die(rq);
	answer_json(rq, status, &b);
}
