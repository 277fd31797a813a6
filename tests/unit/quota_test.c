/* quota_test - jobs a minute: shares, debts of large requests, clocks that are set back */
#include "http/quota.h"
#include "check.h"

#include <stdint.h>

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

int main(void)
{
	RUN(shares);
	RUN(debts);
	RUN(clock_back);
	return check_status();
}
