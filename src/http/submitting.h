/* submitting.h - what all web programs do alike when they submit a job */
#ifndef CEE_HTTP_SUBMITTING_H
#define CEE_HTTP_SUBMITTING_H

#include "base/error.h"
#include "http/request.h"
#include "job/published.h"

/* The languages that the spool publishes, for published_free; NULL: answered. */
struct published *submitting_languages(struct request *rq);
/* Answers why submitter_put failed, which returned r with err as errno. */
void submitting_failed(struct request *rq, int r, int err, const struct cee_err *e);

#endif
