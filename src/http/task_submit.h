/* task_submit.h - jobs submitted over HTTP */
#ifndef CEE_HTTP_TASK_SUBMIT_H
#define CEE_HTTP_TASK_SUBMIT_H

#include "http/request.h"

void tasks_post(struct request *rq); /* POST /tasks */

#endif
