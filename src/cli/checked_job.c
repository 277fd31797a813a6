/* checked_job.c - is a text a job that may be submitted? (checked_job.h) */
#include "cli/checked_job.h"
#include "base/buf.h"
#include "base/error.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/job.h"
#include "job/job_check.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void checked_job_languages(struct client *c, struct buf *languages)
{
	if (spool_languages_read(&c->spool, languages) < 0 && errno != ENOENT)
		prog_die(EX_UNAVAILABLE, "%s/languages.json: %s", c->conf.spool, strerror(errno));
}

int checked_job_read(struct client *c, const struct buf *languages, const char *text, size_t len, struct job_facts *o,
		     struct cee_err *e)
{
	struct job j;
	int r;

	if (len > (size_t)c->conf.max_job)
		return cee_fail(e, EFBIG, "the job is %zu bytes, %lld are the most (max_job of cee.conf)", len,
				(long long)c->conf.max_job);
	if (job_parse(&j, text, len, e) < 0)
		return -1;
	o->priority = j.priority;
	snprintf(o->group, sizeof o->group, "%s", j.group ? j.group : "");
	snprintf(o->key, sizeof o->key, "%s", j.key ? j.key : "");
	o->stdin_stream = j.stdin_stream;
	r = job_check(&j, &c->conf, languages->data, languages->len, e);
	job_release(&j);
	return r;
}
