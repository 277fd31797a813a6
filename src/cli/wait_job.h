/* wait_job.h - waiting for a job as if it were a child process
 *
 * Common to cee-submit -w and cee-run: the job's output becomes the program's output, signals are
 * passed on, and the job's end becomes the exit status. Like client.h this is for programs: it prints and exits.
 *
 *     wait_job_begin(&a);		before the job is submitted: from here on signals are caught
 *     status = wait_job_to_end(&a, id);
 *     wait_job_exit(&a, status);
 */
#ifndef CEE_CLI_WAIT_JOB_H
#define CEE_CLI_WAIT_JOB_H

#include "cli/client.h"
#include "cli/sink.h"
#include "job/job.h"
#include "job/job_tests.h"
#include "spool/follow.h"
#include "spool/input.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct wait_job {
	struct client *c;
	bool quiet;   /* no message about how the program ended, only about failures of the engine */
	bool raw;     /* control sequences are written as they are, also to a terminal */
	bool tty;     /* the job has a terminal: the user's is raw while it runs, and determines its size */
	bool forward; /* a first signal goes to the program, a second one cancels the job; else the first does */
	struct spool_input *input; /* gets standard input, or NULL */
	int verdict;		   /* gets the result's JSON too; -1 none */
	/* private to wait_job.c */
	struct follow f;
	struct sink out, err;
	struct sink *last;		     /* the one written to last */
	struct job job;			     /* wait_job_tests: its tests; ntests 0 none */
	signed char verdicts[JOB_TESTS_MAX]; /* as printed: 0 not yet, 1 ok, -1 not ok */
	bool open_line;			     /* the output so far did not end with a newline */
	int64_t room_at;		     /* the free space of the spool's disk is checked again at so many bytes */
	int heeded;			     /* the number of signals handled */
	bool forwarded, cancelling, warned;
};

void wait_job_begin(struct wait_job *a);
int wait_job_signal(void); /* the last one caught, 0 none */
/* Before wait_job_to_end: if text, the job, has tests, their results go to standard output as TAP, each when
 * it ends; the tests' output stays in the log. */
void wait_job_tests(struct wait_job *a, const struct job *job); /* takes ownership of the job's contents */
/* Streams the job's output until it has ended, and returns its exit status by cee(7)'s table.
 * Ends the program when standard output or the job's log fails. */
int wait_job_to_end(struct wait_job *a, const char *id);
/* Exits with that status, or by the signal that was passed on when that ended the job, so that a shell's
 * loop around this program ends as well. */
void wait_job_exit(const struct wait_job *a, int status) __attribute__((noreturn));

#endif
