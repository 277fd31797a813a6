/* test_runs.h - the tests of a run, see test_runs.c */
#ifndef RUNNER_TESTS_H
#define RUNNER_TESTS_H

#include "base/buf.h"
#include "base/limit.h"
#include "job/compare.h"
#include "job/job_tests.h"
#include "wire/frame.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct run;

struct tests {
	size_t next;		    /* number of tests sent */
	const struct job_test *now; /* the running test, or NULL */
	bool stop;		    /* a test has failed and ends the run */
	bool finished;		    /* FINISH is sent */
	struct limits limits;	    /* the test's effective limits */
	struct compare compare;	    /* used if the test has an expected output */
	const unsigned char *input; /* its stdin */
	size_t input_len, sent, credit;
	bool input_ended;	    /* STDIN_END is sent */
	int64_t out_from, err_from; /* where its output begins in the attempt's files */
	int fd;			    /* N/tests, -1 */
	int64_t size;
	struct buf unsaved; /* lines that did not fit on the disk yet */
};

/* All of these do nothing for a job without tests. */
void tests_init(struct tests *t);
void tests_release(struct tests *t);
int tests_open(struct run *r); /* makes N/tests; -1 errno */
/* The limits that the box must be made for. */
void tests_limits(const struct run *r, struct limits all[PHASE_COUNT]);
/* For when init is ready for a test: sends the next one, or FINISH if none is left. Returns the test's wall time
 * limit; 0: no test was sent; -1 ENOMEM. */
int64_t tests_next(struct run *r);
/* CREDIT: sends more of the running test's input. */
void tests_credit(struct run *r, const struct frame *f);
void tests_output(struct run *r, enum frame_stream s, const void *data, size_t len); /* NULL: a gap */
/* Handles the end of a phase: true if the phase was a test. */
bool tests_end(struct run *r, const struct frame *f);
/* Writes lines that could not be written before. -1 and errno: it failed again. */
int tests_save(struct run *r);
/* All lines are written: releases the rest of the reserved room. */
void tests_close(struct run *r);
/* One line for users: how many tests failed or passed, and how many were not run. */
void tests_explain(const struct run *r, char *text, size_t size);
#endif
