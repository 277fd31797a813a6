/* job_steps.h - the steps of a job: its phases in order, then collecting its files */
#ifndef CEE_INIT_JOB_STEPS_H
#define CEE_INIT_JOB_STEPS_H

#include "init/session.h"

/* Starts the job's next phase; ends the job if there is none. */
void job_next_phase(struct session *s);
/* Starts phase id. */
void job_start_phase(struct session *s, uint32_t id);
/* The phase is over: sends its END and starts the next one, or none after a failed compile phase. */
void job_phase_over(struct session *s, enum frame_how how, uint64_t status);
/* The collector's pipe is readable. */
void job_read_files(struct session *s);
/* Stops collecting; files that were not collected yet are not sent. */
void job_end_collecting(struct session *s);

#endif
