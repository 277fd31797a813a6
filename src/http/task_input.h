/* task_input.h - standard input of a running program */
#ifndef CEE_HTTP_TASK_INPUT_H
#define CEE_HTTP_TASK_INPUT_H

#include "http/request.h"

void task_input_post(struct request *rq); /* POST /tasks/{id}/stdin */

#endif
