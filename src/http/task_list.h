/* task_list.h - the list of tasks */
#ifndef CEE_HTTP_TASK_LIST_H
#define CEE_HTTP_TASK_LIST_H

#include "http/request.h"

void tasks_list(struct request *rq); /* GET /tasks */

#endif
