/* send_job.h - a job on its way into its box, as frames */
#ifndef RUNNER_SEND_JOB_H
#define RUNNER_SEND_JOB_H

#include "base/limit.h"
#include "engine/attach.h"
#include "job/job.h"
#include "job/job_files.h"
#include "job/job_tests.h"
#include "job/language.h"
#include "wire/payload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that a box needs of a job; everything is borrowed. */
struct send_job {
	struct attach *attach;
	const struct job *job;
	const struct lang *lang;
	const struct limits *limits; /* in force, by phase */
	bool compiled; /* compiled in another box: no compile phase here, and these are the output files */
	const struct job_file *product;
	size_t nproducts;
	bool cell;
	bool network, authorities; /* the box has a gate; the certificate authorities */
	int processor;		   /* the only one that it may use; -1 all */
	int64_t collect_files, collect_bytes;
	struct frame_window window; /* of its terminal, if it has one */
};
/* Queues the frames of the whole job, FRAME_GO last; does not flush. -1 ENOMEM. */
int send_job(const struct send_job *s);
/* A test's phase and its GO, after its TEST; does not flush. -1 ENOMEM. */
int send_test_phase(const struct send_job *s, const struct job_test *t, const struct limits *limits);
/* The first phase that it has in this box, and the bytes of its files there, in whole pages. */
enum frame_phase send_job_first(const struct send_job *s);
int64_t send_job_bytes(const struct send_job *s);
#endif
