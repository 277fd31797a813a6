/* attend.h - waiting for a job as if it were a process of ours
 *
 * What cee-submit -w and cee-run share: the job's output is our output, our signals are its
 * affair, its end is our exit status. Like client.h this is for programs: it prints and exits.
 *
 *     attend_begin(&a);		before the job is submitted: from here on signals are caught
 *     status = attend_job(&a, id);
 *     attend_exit(&a, status);
 */
#ifndef CEE_ATTEND_H
#define CEE_ATTEND_H

#include "cli/client.h"
#include "cli/sink.h"
#include "job/job.h"
#include "job/job_tests.h"
#include "spool/follow.h"
#include "spool/input.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct attend {
	struct client *c;
	bool quiet;		   /* says nothing of how the program ended, only where we failed */
	bool raw;		   /* control sequences as they are, also on a terminal */
	bool tty;		   /* the job has a terminal: ours is raw while it runs, and tells its size */
	bool forward;		   /* a first signal is the program's, a second one cancels; else the first does */
	struct spool_input *input; /* our standard input goes there, or NULL */
	int verdict;		   /* the result's JSON goes there too; -1 nowhere */
	/* attend.c's own */
	struct follow f;
	struct sink out, err;
	struct sink *last;		     /* the one written to last */
	struct job job;			     /* attend_tests: its tests; ntests 0 none */
	signed char verdicts[JOB_TESTS_MAX]; /* as said: 0 not yet, 1 ok, -1 not ok */
	bool open_line;			     /* what it was did not end with a newline */
	int64_t room_at;		     /* the spool's disk is looked at again when so much is written */
	bool forwarded, cancelling, warned;
};

void attend_begin(struct attend *a);
int attend_signal(void); /* the last that came, 0 none */
/* Before attend_job: if the job that text is has tests, it is their results, as TAP, that go to
 * our standard output, each as it comes; what the tests write stays in the log. */
void attend_tests(struct attend *a, const char *text, size_t len);
/* Streams the job's output until it has ended; what became of it, as cee(7)'s table has it.
 * Ends the program when our output or the job's log fails. */
int attend_job(struct attend *a, const char *id);
/* Exits with that status; by the signal that we passed on, where that is what ended the job,
 * so that a shell's loop around us ends as well. */
void attend_exit(const struct attend *a, int status) __attribute__((noreturn));

#endif
