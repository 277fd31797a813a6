/* offer.c - making a job and giving it to the spool (offer.h) */
#include "cli/job_options.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limit.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "job/compose.h"
#include "job/job.h"
#include "job/job_check.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int small_number(const char *option, const char *s, int max)
{
	if (s[0] < '0' || s[0] > '0' + max || s[1])
		prog_usage("%s %s: must be 0 to %d", option, s, max);
	return s[0] - '0';
}

void offer_add(struct strings *s, char *text)
{
	if (strings_add(s, text) < 0)
		prog_die(EX_OSERR, "out of memory");
}

bool offer_option(struct draft *d, int opt)
{
	switch (opt) {
	case 'E':
		offer_add(&d->env, optarg);
		break;
	case 'L':
		offer_add(&d->limits, optarg);
		break;
	case 'p':
		offer_add(&d->packages, optarg);
		break;
	case OFFER_FRAMEWORK:
		d->framework = optarg;
		break;
	case OFFER_CHECK:
		d->check = true;
		break;
	case OFFER_COLLECT:
		offer_add(&d->collect, optarg);
		break;
	case OFFER_MERGE:
		d->merge = true;
		break;
	case OFFER_TTY:
		d->tty = true;
		break;
	case OFFER_BUFFER:
		d->buffer = optarg;
		break;
	case OFFER_PRIORITY:
		d->priority = small_number("--priority", optarg, 9);
		break;
	case OFFER_START_WITHIN:
		d->start_within = optarg;
		break;
	case OFFER_RETRIES:
		d->retries = small_number("--retries", optarg, 3);
		break;
	case OFFER_KEEP:
		d->keep = optarg;
		break;
	case OFFER_LABEL:
		offer_add(&d->labels, optarg);
		break;
	default:
		return false;
	}
	return true;
}

void offer_languages(struct client *c, struct buf *languages)
{
	if (spool_languages_read(&c->spool, languages) < 0 && errno != ENOENT)
		prog_die(EX_UNAVAILABLE, "%s/languages.json: %s", c->conf.spool, strerror(errno));
}

int offer_check(struct client *c, const struct buf *languages, const char *text, size_t len, struct offer *o,
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
