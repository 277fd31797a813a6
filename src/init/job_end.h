/* job_end.h - the one way out of a job: everything of it goes, and DONE is sent */
#ifndef CEE_INIT_JOB_END_H
#define CEE_INIT_JOB_END_H

#include "init/session.h"

/* A job that has gone as far as it could. */
void job_done(struct session *s);
/* A failure of cee's ends the job, wherever it is: TROUBLE, the phase's END where one has begun, DONE. */
void job_fail(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The END of a phase that is not going to run, for a job that has been killed. */
void job_send_killed(struct session *s, uint32_t phase);
/* What the session knows of a phase. */
struct phase_plan job_phase_plan(const struct session *s, uint32_t id);

#endif
