/* job_session.h - the field session of a job: state that is kept between requests (docs/SESSIONS.md) */
#ifndef CEE_JOB_JOB_SESSION_H
#define CEE_JOB_JOB_SESSION_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdint.h>

struct job;
struct job_session {
	int64_t idle_us, life_us; /* life_us 0: the job is not a session */
};
/* {"idle": "15m", "life": "24h"}; both have defaults. */
int job_session_read(const cJSON *v, const char *path, struct job_session *s, struct cee_err *e);
/* Does the rest of the job fit? Sets what follows from being a session. */
int job_session_fits(struct job *j, struct cee_err *e);

#endif
