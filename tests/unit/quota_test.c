/* quota_test - jobs a minute: shares, debts of large requests, clocks that are set back */
#include "base/clock.h"
#include "base/dir.h"
#include "base/fd.h"
#include "base/file_lock.h"
#include "http/quota.h"
#include "check.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MINUTE INT64_C(60000000)

static void shares(void)
{
	int64_t stamp = 0, now = 1000 * MINUTE;

	CHECK(quota_wait(&stamp, now, 1000, 0, 1000) == 0 && stamp == 0); /* no bound */
	for (int i = 0; i < 3; i++)
		CHECK(quota_wait(&stamp, now, 1, 3, 1000) == 0);
	CHECK(quota_wait(&stamp, now, 1, 3, 1000) == MINUTE / 3);
	CHECK(quota_wait(&stamp, now + MINUTE / 3, 1, 3, 1000) == 0);
	CHECK(quota_wait(&stamp, now + MINUTE / 3, 1, 3, 1000) > 0);
	/* what is larger than what is left is refused whole */
	stamp = 0;
	CHECK(quota_wait(&stamp, now, 2, 3, 1000) == 0);
	CHECK(quota_wait(&stamp, now, 2, 3, 1000) == MINUTE / 3);
	CHECK(quota_wait(&stamp, now, 1, 3, 1000) == 0);
}

/* tests of the fault: http_jobs = 1 and arrays of 61 were accepted without end */
static void debts(void)
{
	int64_t stamp = 0, now = 1000 * MINUTE, wait;

	CHECK(quota_wait(&stamp, now, 61, 1, 1000) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(quota_wait(&stamp, now, 61, 1, 1000) == 61 * MINUTE);
	wait = quota_wait(&stamp, now, 1, 1, 1000);
	CHECK(wait == 61 * MINUTE); /* what it says is true: */
	CHECK(quota_wait(&stamp, now + wait - 1, 1, 1, 1000) > 0);
	CHECK(quota_wait(&stamp, now + wait, 1, 1, 1000) == 0);
	stamp = 0;
	CHECK(quota_wait(&stamp, now, 1000, 1, 1000) == 0);
	CHECK(quota_wait(&stamp, now, 1, 1, 1000) == 1000 * MINUTE);
}

static void clock_back(void)
{
	int64_t now = 1000 * MINUTE, stamp = now + 100000 * MINUTE;

	CHECK(quota_wait(&stamp, now, 1, 1, 1000) == 0);
}

static void put_stamps(int dir, const char *name, int64_t stamp, int64_t age_s)
{
	AUTO_CLOSE int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct timespec t[2] = { { .tv_sec = time(NULL) - age_s }, { .tv_sec = time(NULL) - age_s } };

	CHECK(fd >= 0 && dprintf(fd, "%020" PRId64 " %020d\n", stamp, 0) > 0 && futimens(fd, t) == 0);
}

/* Files of owners who never came back go, once an hour; not those that still say something or are in use. */
static void old_files_go(void)
{
	char path[] = "/tmp/cee_quota.XXXXXX";
	int state = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1,
	    dir = dir_make(state, "quota", 0700);
	AUTO_CLOSE int used = -1;
	int64_t now = now_us();

	put_stamps(dir, "gone", now - 2 * MINUTE, 7200);
	put_stamps(dir, "young", now - 2 * MINUTE, 60);
	put_stamps(dir, "in-debt", now + 100 * MINUTE, 7200);
	put_stamps(dir, "used", now - 2 * MINUTE, 7200);
	used = openat(dir, "used", O_RDWR | O_CLOEXEC);
	CHECK(file_lock(used, false) == 0);
	quota_sweep(state, dir);
	CHECK(!dir_has(dir, "gone") && dir_has(dir, "young") && dir_has(dir, "in-debt") && dir_has(dir, "used"));
	put_stamps(dir, "gone", now - 2 * MINUTE, 7200);
	quota_sweep(state, dir);
	CHECK(dir_has(dir, "gone")); /* not again within the hour */
	for (int i = 0; i < 4; i++)
		unlinkat(dir, (const char *[]){ "gone", "young", "in-debt", "used" }[i], 0);
	unlinkat(state, "quota-swept", 0);
	CHECK(unlinkat(state, "quota", AT_REMOVEDIR) == 0 && rmdir(path) == 0);
	close(dir);
	close(state);
}

int main(void)
{
	RUN(old_files_go);
	RUN(shares);
	RUN(debts);
	RUN(clock_back);
	return check_status();
}
