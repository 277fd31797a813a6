/* task_wait.c - ?wait=SECONDS: answers that wait for a task to end (task_wait.h) */
#include "http/task_wait.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/disconnect.h"
#include "http/reader.h"
#include "http/request.h"
#include "spool/cancel.h"
#include "spool/follow.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

bool task_wait_asked(struct request *rq, struct task_wait *wait)
{
	const char *text = cgi_query(&rq->cgi, "wait");
	struct cee_err e = { 0 };

	*wait = (struct task_wait){ 0 };
	if (!disconnect_asked(rq, &wait->cancel))
		return false;
	if (!text)
		return true;
	if (duration_parse(text, &wait->us, &e) < 0) {
		answer_problem(rq, 400, "wait: %s", e.msg);
		return false;
	}
	if (wait->us > rq->client.conf.http_wait_us)
		wait->us = rq->client.conf.http_wait_us;
	return true;
}

static void beat(struct request *rq, int status)
{
	char spaces[1024];
	size_t left = rq->reader.fill + 1;

	if (!rq->begun)
		answer_begin(rq, status, "application/json", -1);
	memset(spaces, ' ', sizeof spaces);
	for (size_t n; left > 0; left -= n) {
		n = left < sizeof spaces ? left : sizeof spaces;
		answer_write(rq, spaces, n);
	}
	rq->reader.written_us = mono_us(); /* also for a HEAD, to which nothing is written */
}

bool task_wait_until(struct request *rq, const char *id, int64_t until, int status)
{
	struct reader *reader = &rq->reader;
	struct cee_err e = { 0 };
	struct follow f;

	reader_watch(reader);
	follow_init(&f, &rq->client.spool, true);
	f.result_only = true;
	follow_job(&f, rq->client.owner, id);
	while (!reader->gone && follow_step(&f, NULL, NULL, &e) == 0) {
		int64_t left = (until - mono_us()) / 1000 + 1;
		struct pollfd fds[READER_FDS];
		int ms = reader_beat_ms(reader);

		if (until <= mono_us())
			break;
		reader_fds(reader, fds);
		if (ms > 0 && follow_wait(&f, left < ms ? (int)left : ms, fds, READER_FDS) == 2)
			reader_polled(reader, fds);
		if (!reader->gone && reader_beat_ms(reader) == 0)
			beat(rq, status);
	}
	follow_release(&f);
	return !reader->gone;
}

bool task_wait(struct request *rq, const char *id, const struct task_wait *wait, int status)
{
	if (wait->us == 0 || task_wait_until(rq, id, mono_us() + wait->us, status))
		return true;
	if (wait->cancel)
		spool_cancel(&rq->client.spool, rq->client.owner, id, NULL);
	return false;
}
