/* quota.c - how much an owner may submit: jobs a minute, bytes a minute, jobs waiting
 *
 * The rates are kept by the generic cell rate algorithm: one time stamp a rate says until when
 * what was taken is used up. An owner who was silent for a minute may take a minute's share at
 * once. A request that is larger than what is left is refused whole; one that is larger than a minute's share
 * is accepted only when nothing is used up, and then is paid for in full, however long that takes.
 * The stamps are a file of cee-http's own, http_state/quota/OWNER, changed under a lock;
 * it is not synced: a power cut gives an owner one minute's share again.
 */
#include "http/quota.h"
#include "base/clock.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "base/id.h"
#include "cli/prog.h"
#include "http/answer.h"
#include "http/request.h"
#include "spool/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_US INT64_C(60000000)
enum { STAMPS_MAX = 64 };

/* What n cost at rate a minute, in microseconds. */
static int64_t us_for(int64_t n, int64_t rate)
{
	return (int64_t)((double)n * (double)MINUTE_US / (double)rate);
}

static int open_file(struct request *rq, struct cee_err *e)
{
	AUTO_CLOSE int state = open(rq->client.conf.http_state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int dir = state < 0 ? -1 : dir_make(state, "quota", 0700);
	int fd = dir < 0 ? -1
			 : openat(dir, rq->client.owner, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd >= 0 && file_lock(fd, true) == 0)
		return fd;
	cee_fail(e, errno, "%s/quota: %s (http_state of cee.conf)", rq->client.conf.http_state, strerror(errno));
	close_ptr(&fd);
	return -1;
}

int64_t quota_wait(int64_t *stamp, int64_t now, int64_t n, int64_t rate, int64_t most)
{
	int64_t used, cost;

	if (rate <= 0)
		return 0;
	if (*stamp - now > us_for(most, rate) + MINUTE_US)
		*stamp = now; /* no request can have made it so late: the clock was set back */
	used = *stamp > now ? *stamp - now : 0;
	cost = us_for(n, rate);
	if (used > 0 && used + cost > MINUTE_US)
		return used + cost - MINUTE_US < used ? used + cost - MINUTE_US : used;
	*stamp = now + used + cost;
	return 0;
}

static void too_many(struct request *rq, int64_t us, const char *what)
{
	int64_t s = us / 1000000 + 1;

	answer_header(rq, "Retry-After", "%" PRId64, s);
	answer_problem(rq, 429, "%s; try again in %" PRId64 " s", what, s);
}

static bool take(struct request *rq, int fd, int64_t jobs, int64_t bytes)
{
	char text[STAMPS_MAX] = "";
	int64_t stamp[2] = { 0 }, now = now_us(), wait_jobs, wait_bytes;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 0 || sscanf(text, "%" SCNd64 " %" SCNd64, &stamp[0], &stamp[1]) != 2)
		stamp[0] = stamp[1] = 0;
	wait_jobs = quota_wait(&stamp[0], now, jobs, rq->client.conf.http_jobs, QUOTA_JOBS_MAX);
	wait_bytes =
		wait_jobs ? 0 : quota_wait(&stamp[1], now, bytes, rq->client.conf.http_bytes, rq->client.conf.max_job);
	if (wait_jobs || wait_bytes) {
		too_many(rq, wait_jobs ? wait_jobs : wait_bytes,
			 wait_jobs ? "too many jobs in a minute (http_jobs)"
				   : "too many bytes in a minute (http_bytes)");
		return false;
	}
	n = snprintf(text, sizeof text, "%020" PRId64 " %020" PRId64 "\n", stamp[0], stamp[1]);
	if (pwrite(fd, text, (size_t)n, 0) < 0)
		prog_error("%s: its quota is not kept: %s", rq->client.owner, strerror(errno));
	return true;
}

bool quota_take(struct request *rq, int64_t jobs, int64_t bytes)
{
	struct cee_err e = { 0 };
	int fd;
	bool r;

	if (rq->client.conf.http_jobs == 0 && rq->client.conf.http_bytes == 0)
		return true;
	fd = open_file(rq, &e);
	if (fd < 0) {
		answer_error(rq, EIO, &e); /* without its account nobody knows how much there was */
		return false;
	}
	r = take(rq, fd, jobs, bytes);
	close(fd);
	return r;
}

/* ---- the queue ------------------------------------------------------------------------ */

struct queue {
	int64_t n, oldest_us;
};

static int count(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	struct queue *q = arg;
	int64_t us = id_time_us(id);

	(void)owner, (void)priority, (void)attempts;
	if (q->n++ == 0 || us < q->oldest_us)
		q->oldest_us = us;
	return 0;
}

/* Little's law: where n wait and the one at the head has waited for t, one leaves each t / n. */
void quota_full(struct request *rq)
{
	struct queue q = { 0 };
	int64_t us = 0;

	if (spool_each_new(&rq->client.spool, rq->client.owner, count, &q) == 0 && q.n > 0)
		us = (now_us() - q.oldest_us) / q.n;
	too_many(rq, us > 0 ? us : 0, "as many jobs wait as may (max_queued)");
}
