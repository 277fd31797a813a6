/* task_wait.c - ?wait=SECONDS: an answer that waits for a task to end */
#include "http/task_wait.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"
#include "spool/follow.h"

#include <stdbool.h>
#include <stdint.h>

int64_t task_wait_asked(struct request *rq)
{
	const char *text = cgi_query(&rq->cgi, "wait");
	struct cee_err e = { 0 };
	int64_t us;

	if (!text)
		return 0;
	if (duration_parse(text, &us, &e) < 0) {
		answer_problem(rq, 400, "wait: %s", e.msg);
		return -1;
	}
	return us < rq->client.conf.http_wait_us ? us : rq->client.conf.http_wait_us;
}

void task_wait(struct request *rq, const char *id, int64_t us)
{
	int64_t end = mono_us() + us;
	struct follow f;
	struct cee_err e = { 0 };

	follow_init(&f, &rq->client.spool, true);
	f.result_only = true;
	follow_job(&f, rq->client.owner, id);
	while (follow_step(&f, NULL, NULL, &e) == 0) {
		int64_t left = end - mono_us();

		if (left <= 0 || follow_wait(&f, (int)(left / 1000) + 1, NULL, 0) < 0)
			break;
	}
	follow_release(&f);
}
