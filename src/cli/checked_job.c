/* checked_job.c - checks whether a text is a job that may be submitted (checked_job.h) */
#include "cli/checked_job.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/job.h"
#include "job/job_check.h"
#include "job/published.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct published *checked_job_languages(struct client *c)
{
	AUTO_BUF struct buf text = { 0 };
	struct published *languages;

	if (spool_languages_read(&c->spool, &text) < 0 && errno != ENOENT)
		prog_die(EX_UNAVAILABLE, "%s/languages.json: %s", c->conf.spool, strerror(errno));
	languages = published_new(text.data, text.len);
	if (!languages)
		prog_die(EX_OSERR, "out of memory");
	return languages;
}

int checked_job_length(const struct client *c, size_t len, struct cee_err *e)
{
	if (len <= (size_t)c->conf.max_job)
		return 0;
	return cee_fail(e, EFBIG, "the job is %zu bytes (at most %lld, max_job of cee.conf)", len,
			(long long)c->conf.max_job);
}

int checked_job_take(struct client *c, struct published *languages, const cJSON *root, struct job_facts *o,
		     struct cee_err *e)
{
	struct job j;

	if (job_read(&j, root, e) < 0)
		return -1;
	if (job_check_network(&j, &c->conf, c->owner, e) < 0 || job_check(&j, &c->conf, languages, e) < 0) {
		job_release(&j);
		return -1;
	}
	o->priority = j.priority;
	snprintf(o->group, sizeof o->group, "%s", j.group ? j.group : "");
	snprintf(o->key, sizeof o->key, "%s", j.key ? j.key : "");
	o->stdin_stream = j.stdin_stream;
	o->session = j.session.life_us > 0;
	if (o->job)
		*o->job = j;
	else
		job_release(&j);
	return 0;
}

int checked_job_read(struct client *c, struct published *languages, const char *text, size_t len, struct job_facts *o,
		     struct cee_err *e)
{
	AUTO_JSON cJSON *root = checked_job_length(c, len, e) == 0 ? json_parse(text, len, e) : NULL;

	return root ? checked_job_take(c, languages, root, o, e) : -1;
}
