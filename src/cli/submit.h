/* submit.h - submitting jobs: their group, their key, room in the queue
 *
 * What programs that submit do alike. Like client.h this is for programs: it may print.
 *
 *     struct submitter t = { .c = &client, .languages = languages };
 *     while (there is a job)
 *             submitter_put(&t, &text, NULL, id, &e);
 *     submitter_release(&t);
 */
#ifndef CEE_CLI_SUBMIT_H
#define CEE_CLI_SUBMIT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "spool/group.h"
#include "spool/input.h"
#include "spool/queue_capacity.h"

#include <stdbool.h>

struct job;
struct published;

struct submitter {
	struct client *c;
	struct published *languages;
	struct job *job;	 /* where the job that submitter_put parsed goes, for the caller to release; or NULL */
	const char *group, *key; /* -g, --key; or NULL: what the job says */
	bool no_block;		 /* a full queue is an error */
	struct spool_input *input; /* that of a job with stdin_stream, made before the job; NULL: such a job
					 * is none that may be submitted. Stays closed when another submit has it. */
	/* submit.c's own */
	bool begun;
	char first[ID_LEN + 1]; /* the first job that named no group: the group of those that follow */
	struct group g;
	struct queue_capacity room;
	bool warned;
};

/* Checks text, writes into it which group it belongs to, and submits it under own, or under an
 * id that is made. 0: id is in the spool, as durable as the spool is. 1: the job is none that
 * may be submitted, e says why. -1: the spool did not take it; errno EAGAIN the queue is full (with
 * no_block), ENOSPC the disk, EEXIST another job has this id, EINTR a signal came while it waited for room. */
int submitter_put(struct submitter *t, struct buf *text, const char *own, char id[ID_LEN + 1], struct cee_err *e);
/* The same for a text that checked_job_read has found right, and whose *o it has filled in. */
int submitter_put_checked(struct submitter *t, const struct job_facts *o, struct buf *text, const char *own,
			  char id[ID_LEN + 1], struct cee_err *e);
void submitter_release(struct submitter *t);

/* The exit status for errno of a failed submit. */
int submitter_status(int err);

#endif
