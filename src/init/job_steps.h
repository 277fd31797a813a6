/* job_steps.h - a job's course: phase after phase, then the files that it collects */
#ifndef CEE_INIT_JOB_STEPS_H
#define CEE_INIT_JOB_STEPS_H

#include "init/session.h"

/* Starts the next phase that there is, or ends the job. */
void job_next_phase(struct session *s);
/* Starts this one. */
void job_start_phase(struct session *s, uint32_t id);
void job_phase_over(struct session *s, enum frame_how how, uint64_t status);
/* The collector's pipe is readable. */
void job_read_files(struct session *s);
/* Ends the collecting; what was not done yet is left behind. */
void job_end_collecting(struct session *s);

#endif
