/* answer_body.c - an answer in JSON that is sent as it grows (answer_body.h) */
#include "http/answer_body.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "http/answer.h"
#include "http/request.h"

void body_init(struct body *body, struct request *rq, int status)
{
	*body = (struct body){ .rq = rq, .status = status };
	body->w = json_writer(&body->b);
}

void body_pass(struct body *body)
{
	struct request *rq = body->rq;

	if (body->b.len < BODY_KEPT)
		return;
	if (!rq->begun)
		answer_begin(rq, body->status, "application/json", -1);
	answer_write(rq, body->b.data, body->b.len);
	body->sent += body->b.len;
	body->b.len = 0;
}

void body_end(struct body *body)
{
	if (json_end_line(&body->w) < 0)
		answer_die(body->rq);
	answer_json(body->rq, body->status, &body->b);
	buf_release(&body->b);
}
