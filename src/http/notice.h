/* notice.h - what keeps tasks from being run at present */
#ifndef CEE_HTTP_NOTICE_H
#define CEE_HTTP_NOTICE_H

#include "http/request.h"

/* A text for the task's owner, or NULL: tasks are run. A missing runner is reported only after 10 s. */
const char *notice_text(struct request *rq);

#endif
