/* sessions.h - cells of sessions over HTTP; a session itself is a task */
#ifndef CEE_HTTP_SESSIONS_H
#define CEE_HTTP_SESSIONS_H

#include "http/request.h"

void sessions_run(struct request *rq); /* POST /sessions/{id}/run */

#endif
