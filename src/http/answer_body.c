/* answer_body.c - an answer in JSON that is sent as it grows (answer_body.h) */
#include "http/answer_body.h"
#include "base/buf.h"
#include "http/answer.h"
#include "http/request.h"

void body_pass(struct body *body)
{
	struct request *rq = body->rq;

	if (body->b.len < BODY_KEPT)
		return;
	if (!rq->begun)
		answer_begin(rq, body->status, "application/json", -1);
	answer_write(rq, body->b.data, body->b.len);
	body->b.len = 0;
}

void body_end(struct body *body)
{
	answer_json(body->rq, body->status, &body->b);
	buf_release(&body->b);
}
