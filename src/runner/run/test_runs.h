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
	size_t next;		    /* so many were sent */
	const struct job_test *now; /* the one under way, or NULL */
	bool stop;		    /* one has failed, and it was to be the last */
	bool finished;		    /* FINISH is sent */
	struct limits limits;	    /* in force for it */
	struct compare compare;	    /* if something is expected of it */
	const unsigned char *input; /* its stdin */
	size_t input_len, sent, credit;
	bool input_ended;	    /* STDIN_END is sent */
	int64_t out_from, err_from; /* where its output begins in the attempt's files */
	int fd;			    /* N/tests, -1 */
	int64_t size;
	struct buf unsaved; /* lines that found no room yet */
};

/* All of these may be called for a job without tests too: then they do nothing. */
void tests_init(struct tests *t);
void tests_release(struct tests *t);
int tests_open(struct run *r); /* makes N/tests; -1 errno */
/* The limits that the box must be made for. */
void tests_limits(const struct run *r, struct limits all[PHASE_COUNT]);
/* init takes a test: sends it, or says that no more come. The wall time that it may take,
 * 0 none was sent, -1 ENOMEM. */
int64_t tests_next(struct run *r);
void tests_credit(struct run *r, const struct frame *f);
void tests_output(struct run *r, enum frame_stream s, const void *data, size_t len); /* NULL: a gap */
/* A phase has ended: true when that was a test's. */
bool tests_end(struct run *r, const struct frame *f);
/* Writes lines that could not be written before. -1 and errno: it failed again. */
int tests_save(struct run *r);
/* All lines are written: releases the rest of the reserved room. */
void tests_close(struct run *r);
void tests_explain(const struct run *r, char *text, size_t size);
#endif
