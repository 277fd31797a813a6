/* events.h - what happens to a task, as it happens */
#ifndef CEE_HTTP_EVENTS_H
#define CEE_HTTP_EVENTS_H

#include "http/request.h"

#include <stdbool.h>

void events_get(struct request *rq); /* GET /tasks/{id}/events */
/* Does the request accept events, as server-sent events or as lines of JSON? */
bool events_asked(const struct request *rq);
/* Answers with the events of rq->id, which was submitted just now; ticket may be NULL. */
void events_submitted(struct request *rq, const char *ticket, bool cancel);

#endif
