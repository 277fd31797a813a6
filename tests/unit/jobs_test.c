/* jobs_test - walks over an owner's jobs, in a spool that has strange entries as well */
#include "base/id.h"
#include "spool/claim.h"
#include "spool/ids.h"
#include "spool/jobs.h"
#include "spool/layout.h"
#include "spool/registration.h"
#include "spool/submission.h"
#include "spool_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EACH = 4, HOUR_MS = 3600000 };

/* An id of that hour. */
static void id_of_hour(char id[ID_LEN + 1], int hour, int n)
{
	long long ms = 1700000000000LL + (long long)hour * HOUR_MS + n;

	snprintf(id, ID_LEN + 1, "%08llx-%04llx-7000-8000-%012x", ms >> 16, ms & 0xffff, (unsigned)n);
}

static void make_out(const char *id)
{
	char path[LAYOUT_PATH_MAX], bucket[LAYOUT_PATH_MAX];

	layout_out_path(path, OWNER, id);
	snprintf(bucket, sizeof bucket, "%s", path);
	*strrchr(bucket, '/') = 0;
	CHECK((mkdirat(spool.fd, bucket, 0700) == 0 || errno == EEXIST) && mkdirat(spool.fd, path, 0700) == 0);
}

static void put(const char *path)
{
	int fd = openat(spool.fd, path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	close(fd);
}

struct seen {
	struct ids ids;
	size_t stop; /* after so many; 0 never */
};

static int see(void *arg, const char *id)
{
	struct seen *s = arg;

	CHECK(ids_add(&s->ids, id) == 1); /* each once */
	return s->stop && s->ids.n == s->stop ? 7 : 0;
}

static bool in_order(const struct seen *s, bool newest_first)
{
	for (size_t i = 1; i < s->ids.n; i++)
		if ((strcmp(s->ids.v[i - 1], s->ids.v[i]) > 0) != newest_first)
			return false;
	return true;
}

/* Jobs of four hours: the first two hours' have ended, of the third one each waits, is claimed, is claimed and has
 * begun, and has begun; those of the last wait. Among them entries that are none of a job's. */
static void fill(struct spool_runner *r)
{
	char id[ID_LEN + 1];

	new_spool();
	CHECK(spool_runner_open(r, &spool, &err) == 0);
	for (int hour = 0; hour < 4; hour++)
		for (int n = 0; n < EACH; n++) {
			bool out = hour < 2 || (hour == 2 && n >= 2), queued = hour == 3 || (hour == 2 && n < 3);

			id_of_hour(id, hour, n);
			CHECK(id_valid(id));
			if (queued)
				CHECK(spool_submit(&spool, OWNER, id, 5, "{}", 2,
						   &(struct spool_bounds){ .fresh = true }, &err) == 0);
			if (hour == 2 && (n == 1 || n == 2))
				CHECK(spool_claim(r, OWNER, id, 5, 0) == 1);
			if (out)
				make_out(id);
		}
	put("uid-1000/new/junk");
	put("uid-1000/new/5.not-an-id");
	put("uid-1000/out/junk");
	CHECK(mkdirat(spool.fd, "uid-1000/out/0000000", 0700) == 0);
	CHECK(mkdirat(spool.fd, "uid-1000/out/zzzzzzz", 0700) == 0);
	CHECK(mkdirat(spool.fd, "uid-1000/out/01890a55", 0700) == 0);
	put("uid-1000/out/0000000/not-an-id");
	CHECK(symlinkat("..", spool.fd, "uid-1000/out/1111111") == 0);
	put("cur/a-file");
}

static void end(struct spool_runner *r)
{
	spool_runner_release(r);
	end_spool();
}

static void each_once_in_order(void)
{
	struct spool_runner r;

	fill(&r);
	for (int newest_first = 0; newest_first < 2; newest_first++) {
		struct spool_range range = { .newest_first = newest_first };
		struct seen s = { 0 };

		CHECK(spool_each_job(&spool, OWNER, &range, see, &s) == 0);
		CHECK(s.ids.n == 4 * EACH && in_order(&s, newest_first));
		ids_release(&s.ids);
	}
	end(&r);
}

/* Page after page, from any of them on, comes to the same as the whole. */
static void pages(void)
{
	struct spool_runner r;
	char before[ID_LEN + 1];

	fill(&r);
	for (size_t page = 1; page <= 4 * EACH; page++) {
		struct spool_range range = { .newest_first = true };
		struct seen all = { 0 };
		int result;

		do {
			all.stop = all.ids.n + page;
			result = spool_each_job(&spool, OWNER, &range, see, &all);
			memcpy(before, all.ids.v[all.ids.n - 1], sizeof before);
			range.before = before;
		} while (result == 7);
		CHECK(result == 0 && all.ids.n == 4 * EACH && in_order(&all, true));
		ids_release(&all.ids);
	}
	end(&r);
}

static void since(void)
{
	struct spool_range range = { 0 };
	struct spool_runner r;
	char id[ID_LEN + 1];

	fill(&r);
	for (int hour = 0; hour < 5; hour++) {
		struct seen s = { 0 };

		id_of_hour(id, hour, 0);
		range.since_us = id_time_us(id);
		CHECK(spool_each_job(&spool, OWNER, &range, see, &s) == 0 && s.ids.n == (size_t)(4 - hour) * EACH);
		CHECK(in_order(&s, false));
		ids_release(&s.ids);
	}
	end(&r);
}

static void begun(void)
{
	struct spool_runner r;
	struct seen s = { 0 }, early = { 0 };
	char id[ID_LEN + 1];

	fill(&r);
	CHECK(spool_each_begun(&spool, OWNER, INT64_MAX, see, &s) == 0 && s.ids.n == 2 * EACH + 2);
	id_of_hour(id, 0, EACH);
	CHECK(spool_each_begun(&spool, OWNER, id_time_us(id), see, &early) == 0 && early.ids.n == EACH);
	ids_release(&s.ids);
	ids_release(&early.ids);
	CHECK(spool_each_begun(&spool, "..", INT64_MAX, see, &s) == -1 && errno == EINVAL);
	CHECK(spool_each_begun(&spool, "uid-2", INT64_MAX, see, &s) == -1 && errno == ENOENT);
	end(&r);
}

struct claims {
	const char *runner;
	int n;
};

static int see_claim(void *arg, const struct spool_claimed *job)
{
	struct claims *c = arg;

	CHECK(strcmp(job->owner, OWNER) == 0 && strcmp(job->runner, c->runner) == 0 && job->attempt == 1 &&
	      job->alive && id_valid(job->id));
	c->n++;
	return 0;
}

static void claimed(void)
{
	struct spool_runner r;
	struct claims c = { .n = 0 };

	fill(&r);
	c.runner = r.name;
	CHECK(spool_each_claimed(&spool, OWNER, see_claim, &c) == 0 && c.n == 2);
	CHECK(spool_each_claimed(&spool, NULL, see_claim, &c) == 0 && c.n == 4);
	CHECK(spool_each_claimed(&spool, "uid-2", see_claim, &c) == 0 && c.n == 4);
	end(&r);
}

static void nothing_there(void)
{
	struct spool_range range = { 0 };
	struct seen s = { 0 };

	new_spool();
	CHECK(spool_each_job(&spool, OWNER, &range, see, &s) == 0 && s.ids.n == 0);
	CHECK(spool_each_job(&spool, "uid-2", &range, see, &s) == 0 && s.ids.n == 0);
	end_spool();
}

int main(void)
{
	RUN(each_once_in_order);
	RUN(pages);
	RUN(since);
	RUN(begun);
	RUN(claimed);
	RUN(nothing_there);
	return check_status();
}
