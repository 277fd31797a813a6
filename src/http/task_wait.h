/* task_wait.h - ?wait=SECONDS: answers that wait for a task to end
 *
 * A wait ends with its reader. After READER_BEAT_MS the answer's header is sent and then white
 * space, which JSON allows before a value. So an error that is found later appears in the body
 * only.
 */
#ifndef CEE_HTTP_TASK_WAIT_H
#define CEE_HTTP_TASK_WAIT_H

#include "http/request.h"

#include <stdbool.h>
#include <stdint.h>

struct task_wait {
	int64_t us;  /* at most http_wait; 0 not asked */
	bool cancel; /* the task ends when its reader goes */
};
/* False: the query is invalid, and that is answered. */
bool task_wait_asked(struct request *rq, struct task_wait *wait);
/* Returns when the job has ended, or at until (mono_us). False: the reader has gone, there is nothing to
 * answer. status: of the answer to come. */
bool task_wait_until(struct request *rq, const char *id, int64_t until, int status);
/* The same for one task, from now on; it is cancelled when that was asked and the reader goes. */
bool task_wait(struct request *rq, const char *id, const struct task_wait *wait, int status);

#endif
