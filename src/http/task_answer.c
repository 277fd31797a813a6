/* task_answer.c - a whole task as the answer to a request */
#include "http/task_answer.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/answer_body.h"
#include "http/request.h"
#include "http/task_json.h"
#include "http/task_state.h"

#include <errno.h>

void task_answer(struct request *rq, int status, const char *id)
{
	struct body body = { .rq = rq, .status = status };
	struct task_room room = TASK_ROOM;
	struct cee_err e = { 0 };

	if (task_put(&body, id, &room, status == 201, &e) < 0) {
		answer_error(rq, errno, &e);
		return;
	}
	if (buf_add(&body.b, "\n", 1) < 0)
		answer_die(rq);
	body_end(&body);
}
