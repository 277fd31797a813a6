/* task_wait.h - ?wait=SECONDS: answers that wait for a task to end */
#ifndef CEE_HTTP_TASK_WAIT_H
#define CEE_HTTP_TASK_WAIT_H

#include "http/request.h"

#include <stdint.h>

/* Microseconds, at most http_wait; 0 not asked; -1 the value was invalid and is answered. */
int64_t task_wait_asked(struct request *rq);
/* Returns when the job has ended, or after us. */
void task_wait(struct request *rq, const char *id, int64_t us);

#endif
