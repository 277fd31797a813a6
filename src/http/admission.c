/* admission.c - what every request passes before it is answered (admission.h) */
#include "http/admission.h"
#include "base/error.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "http/answer.h"
#include "http/auth.h"
#include "http/bounds.h"
#include "http/cors.h"
#include "http/request.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>

static bool not_ready(struct request *rq, const struct cee_err *e)
{
	prog_error("%s", e->msg);
	answer_header(rq, "Retry-After", "10");
	answer_problem(rq, 503, "the spool cannot be opened at present; the server's log says why");
	return false;
}

bool admission_open(struct request *rq)
{
	struct cee_err e = { 0 };

	if (conf_load(&rq->client.conf, NULL, NULL, &e) < 0)
		return not_ready(rq, &e);
	if (!bounds_host(rq))
		return false;
	bounds_memory(rq);
	cors_headers(rq);
	return true;
}

bool admission_caller(struct request *rq, unsigned needs, bool by_ticket)
{
	struct cee_err e = { 0 };

	if (spool_open(&rq->client.spool, rq->client.conf.spool, 0, rq->client.conf.durable, &e) < 0)
		return not_ready(rq, &e);
	return auth_allow(rq, needs, by_ticket);
}

bool admission_place(struct request *rq)
{
	return bounds_take_place(rq);
}
