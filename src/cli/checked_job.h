/* checked_job.h - checks whether a text is a job that may be submitted
 *
 * Like client.h this is for programs: it may exit.
 */
#ifndef CEE_CLI_CHECKED_JOB_H
#define CEE_CLI_CHECKED_JOB_H

#include "base/buf.h"
#include "base/error.h"
#include "base/names.h"
#include "cli/client.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct job;
struct published;

/* Reads the languages published in the spool. Free them with published_free; an error ends the program. */
struct published *checked_job_languages(struct client *c);

struct job_facts { /* the properties of a job that a submitter needs */
	int priority;
	char group[GROUP_NAME_MAX + 1], key[KEY_MAX_LEN + 1]; /* "" none */
	bool stdin_stream, session;
	struct job *job; /* gets the parsed job, for the caller to release; or NULL */
};
/* Parses text and checks it against cee.conf and the languages. -1 and e: it may not be submitted. */
int checked_job_read(struct client *c, struct published *languages, const char *text, size_t len, struct job_facts *o,
		     struct cee_err *e);
/* The same for a job whose text is parsed already; the caller checks the text's length. */
int checked_job_take(struct client *c, struct published *languages, const cJSON *root, struct job_facts *o,
		     struct cee_err *e);
/* -1 EFBIG: the text is longer than a job may be. */
int checked_job_length(const struct client *c, size_t len, struct cee_err *e);

#endif
