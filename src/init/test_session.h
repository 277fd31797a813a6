/* test_session.h - the course of a job of many tests (JOB_TESTS), see frame.h */
#ifndef CEE_INIT_TEST_SESSION_H
#define CEE_INIT_TEST_SESSION_H

#include "init/session.h"

/* Takes the files that each test starts with: after the compile phase, or at once where there is none. */
void tests_take_snapshot(struct session *s);
/* The collector's pipe is readable. */
void tests_read_files(struct session *s);
/* The compile phase, or a test, is over (phase.h). */
void tests_phase_over(struct session *s, enum frame_how how, uint64_t status);
void tests_take_test(struct session *s);      /* TEST has come */
void tests_start_if_ready(struct session *s); /* GO has come, or the place has been filled */

#endif
