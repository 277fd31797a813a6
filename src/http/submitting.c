/* submitting.c - what all web programs do alike when they submit a job (submitting.h) */
#include "http/submitting.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/answer.h"
#include "http/quota.h"
#include "http/request.h"
#include "job/published.h"
#include "spool/spool.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

struct published *submitting_languages(struct request *rq)
{
	AUTO_BUF struct buf text = { 0 };
	struct published *languages;
	struct cee_err e = { 0 };

	if (spool_languages_read(&rq->client.spool, &text) < 0 && errno != ENOENT) {
		int err = errno;

		cee_fail(&e, err, "languages.json: %s", strerror(err));
		answer_error(rq, err, &e);
		return NULL;
	}
	languages = published_new(text.data, text.len);
	if (!languages)
		answer_die(rq);
	return languages;
}

void submitting_failed(struct request *rq, int r, int err, const struct cee_err *e)
{
	if (r > 0)
		answer_problem(rq, 400, "%s", e->msg);
	else if (err == EAGAIN)
		quota_full(rq);
	else if (err == EDQUOT)
		quota_kept(rq, e);
	else
		answer_error(rq, err, e);
}
