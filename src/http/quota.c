/* quota.c - limits on an owner's submissions: jobs per minute, bytes per minute, queued jobs
 *
 * Rates are limited by the generic cell rate algorithm. It keeps one time stamp for each rate: the time
 * at which all past requests will be paid off. An owner who was idle for a minute may use a whole minute's
 * quota at once. A request that exceeds the remaining quota is refused as a whole. One that exceeds a whole
 * minute's quota is accepted only when the quota is untouched, and delays the next requests by its full cost.
 * The stamps are in http_state/quota/OWNER, changed under a lock and not synced: after a power cut an owner
 * may use up to one minute's quota again.
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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MINUTE_US INT64_C(60000000)
enum { STAMPS_MAX = 64 };

/* The cost of n units at rate units per minute, in microseconds. */
static int64_t us_for(int64_t n, int64_t rate)
{
	return (int64_t)((double)n * (double)MINUTE_US / (double)rate);
}

/* ---- files of owners who never came back ---- */

enum { SWEEP_EVERY_S = 3600, SWEEP_MOST = 1000 };

/* Stamps that are all in the past say no more than no file does. The lock keeps out a request that is about to write
 * the file; one that waits for the lock looks afterwards whether the file is still there. */
static void sweep_file(int dir, const char *name)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[STAMPS_MAX] = "";
	int64_t stamp[2] = { 0 }, now = now_us();

	if (fd < 0 || now - file_written_us(dir, name) < SWEEP_EVERY_S * INT64_C(1000000) || file_lock(fd, false) < 0 ||
	    !file_is_at(fd, dir, name) || pread(fd, text, sizeof text - 1, 0) < 0)
		return;
	if (sscanf(text, "%" SCNd64 " %" SCNd64, &stamp[0], &stamp[1]) == 2 && (stamp[0] > now || stamp[1] > now))
		return;
	unlinkat(dir, name, 0);
}

void quota_sweep(int state, int dir)
{
	AUTO_CLOSE int mark =
		openat(state, "quota-swept", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;
	struct dirent *e;
	DIR *d;
	int n = 0;

	if (mark < 0 || fstat(mark, &st) < 0 || (st.st_size && time(NULL) - st.st_mtim.tv_sec < SWEEP_EVERY_S) ||
	    file_lock(mark, false) < 0 || pwrite(mark, "\n", 1, 0) < 0 || !(d = dir_list(dir, ".")))
		return;
	while (n++ < SWEEP_MOST && (e = dir_next(d)))
		sweep_file(dirfd(d), e->d_name);
	closedir(d);
}

/* Opens and locks the owner's file, or makes it. */
static int open_locked(int dir, const char *owner)
{
	for (;;) {
		int fd = openat(dir, owner, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

		if (fd >= 0 && file_lock(fd, true) < 0) {
			close_ptr(&fd);
			return -1;
		}
		if (fd < 0 || file_is_at(fd, dir, owner))
			return fd;
		close(fd); /* it was swept meanwhile */
	}
}

static int open_file(struct request *rq, struct cee_err *e)
{
	AUTO_CLOSE int state = open(rq->client.conf.http_state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int dir = state < 0 ? -1 : dir_make(state, "quota", 0700);
	int fd = dir < 0 ? -1 : open_locked(dir, rq->client.owner);

	if (fd >= 0) {
		quota_sweep(state, dir);
		return fd;
	}
	cee_fail(e, errno, "%s/quota: %s (http_state of cee.conf)", rq->client.conf.http_state, strerror(errno));
	return -1;
}

int64_t quota_wait(int64_t *stamp, int64_t now, int64_t n, int64_t rate, int64_t most)
{
	int64_t used, cost;

	if (rate <= 0)
		return 0;
	if (*stamp - now > us_for(most, rate) + MINUTE_US)
		*stamp = now; /* later than any request can set it: the clock was set back */
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
			 wait_jobs ? "too many jobs per minute (http_jobs)" : "too many bytes per minute (http_bytes)");
		return false;
	}
	n = snprintf(text, sizeof text, "%020" PRId64 " %020" PRId64 "\n", stamp[0], stamp[1]);
	if (pwrite_full(fd, text, (size_t)n, 0) < 0)
		prog_error("%s: cannot save the quota: %s", rq->client.owner, strerror(errno));
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
		answer_error(rq, EIO, &e); /* fail closed: without the stamps the rate is unknown */
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

/* Little's law: if n jobs wait and the oldest has waited for t, one leaves every t / n. */
void quota_full(struct request *rq)
{
	struct queue q = { 0 };
	int64_t us = 0;

	if (spool_each_new(&rq->client.spool, rq->client.owner, count, &q) == 0 && q.n > 0)
		us = (now_us() - q.oldest_us) / q.n;
	too_many(rq, us > 0 ? us : 0, "too many queued jobs (max_queued)");
}

void quota_kept(struct request *rq, const struct cee_err *e)
{
	answer_header(rq, "Retry-After", "60"); /* the runner looks again each minute */
	answer_problem(rq, 429, "%s", e->msg);
}
