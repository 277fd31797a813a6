/* task_answer.c - a whole task as the answer to a request */
#include "http/task_answer.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/answer_body.h"
#include "http/request.h"
#include "http/task_json.h"
#include "http/task_state.h"

#include <errno.h>

void task_answer(struct request *rq, int status, const char *id, const struct job *known)
{
	struct body body;
	struct task_room room = TASK_ROOM;
	struct cee_err e = { 0 };

	body_init(&body, rq, status);
	if (task_put(&body, id, known, &room, status == 201, &e) < 0) {
		answer_error(rq, errno, &e);
		return;
	}
	body_end(&body);
}
