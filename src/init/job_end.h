/* job_end.h - ends a job: removes everything of the job and sends DONE */
#ifndef CEE_INIT_JOB_END_H
#define CEE_INIT_JOB_END_H

#include "init/session.h"

/* Ends a job that has no more steps. */
void job_done(struct session *s);
/* Ends the job in any state after a failure of cee itself: sends TROUBLE, the END of a phase that
 * has begun, and DONE. */
void job_fail(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The END of a phase that is not going to run, for a job that has been killed. */
void job_send_killed(struct session *s, uint32_t phase);
/* The session's settings for a phase. */
struct phase_plan job_phase_plan(const struct session *s, uint32_t id);

#endif
