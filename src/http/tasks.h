/* tasks.h - a task: read, cancelled, erased */
#ifndef CEE_HTTP_TASKS_H
#define CEE_HTTP_TASKS_H

#include "http/request.h"

void tasks_get(struct request *rq);    /* GET /tasks/{id} */
void tasks_job(struct request *rq);    /* GET /tasks/{id}/job */
void tasks_delete(struct request *rq); /* DELETE /tasks/{id} */

#endif
