/* submit.h - submitting jobs: their group, their key, room in the queue
 *
 * Common to all programs that submit. Like client.h this is for programs: it may print.
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
	struct job *job;	   /* gets the job that submitter_put parsed, for the caller to release; or NULL */
	const char *group, *key;   /* -g, --key; NULL: those of the job's text */
	bool no_block;		   /* a full queue is an error */
	struct spool_input *input; /* the input of a job with stdin_stream, made before the job; NULL: such a job
					 * is refused. Stays closed if another process writes it. */
	/* private to submit.c */
	bool begun;
	char first[ID_LEN + 1]; /* the first job without a group: the group of the following ones */
	struct group g;
	struct queue_capacity room;
	bool warned;
};

/* Checks text, adds its group, and submits it under the id own, or a new one if own is NULL.
 * 0: the job id is in the spool, durable if the spool is. 1: the job may not be submitted, e says
 * why. -1: the spool refused it; errno EAGAIN the queue is full (with no_block), ENOSPC the disk is,
 * EEXIST another job has this id, EINTR a signal came while it waited for room. */
int submitter_put(struct submitter *t, struct buf *text, const char *own, char id[ID_LEN + 1], struct cee_err *e);
/* The same for a text that checked_job_read has accepted; *o is what it has filled in. */
int submitter_put_checked(struct submitter *t, const struct job_facts *o, struct buf *text, const char *own,
			  char id[ID_LEN + 1], struct cee_err *e);
void submitter_release(struct submitter *t);

/* The exit status for errno of a failed submit. */
int submitter_status(int err);

#endif
