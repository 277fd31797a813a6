/* health_test - what is said of runners and the disk: alive, silent, without an engine, full */
#include "spool/claim.h"
#include "spool/health.h"
#include "check.h"
#include "spool_fixture.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct kept unknown = { .bytes = -1 };

static struct health look(int64_t min_room)
{
	struct health h;

	health_look(&spool, min_room, &h);
	return h;
}

static void age(struct spool_runner *r, int seconds)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT } };

	/* of now exactly: of the second's beginning it would often be a second more when it is looked at */
	CHECK(clock_gettime(CLOCK_REALTIME, &t[1]) == 0);
	t[1].tv_sec -= seconds;
	CHECK(futimens(r->lockfd, t) == 0);
}

static void runners(void)
{
	struct spool_runner a, b;

	new_spool();
	CHECK(look(0).state == HEALTH_NO_RUNNER && look(0).runners == 0);
	CHECK(strstr(look(0).detail, "start cee-runner"));
	CHECK(spool_runner_open(&a, &spool, &err) == 0);
	CHECK(look(0).state == HEALTH_OK && look(0).runners == 1); /* it has written nothing yet */
	CHECK(health_beat(&a, true, "", &unknown) == 0);
	CHECK(look(0).state == HEALTH_OK && look(0).detail[0] == 0);
	CHECK(health_beat(&a, false, "nobody listens\nthere", &unknown) == 0);
	CHECK(look(0).state == HEALTH_ENGINE && strstr(look(0).detail, "nobody listens") &&
	      strstr(look(0).detail, a.name));
	CHECK(!strchr(look(0).detail, '\n'));
	/* a second one, whose engine answers, is enough */
	CHECK(spool_runner_open(&b, &spool, &err) == 0 && health_beat(&b, true, "", &unknown) == 0);
	CHECK(look(0).state == HEALTH_OK && look(0).runners == 2);
	age(&b, 30);
	CHECK(look(0).state != HEALTH_OK && look(0).runners == 2);
	CHECK(health_beat(&a, true, "", &unknown) == 0);
	CHECK(look(0).state == HEALTH_OK);
	age(&a, 30);
	CHECK(look(0).state == HEALTH_STALLED && strstr(look(0).detail, "30 s"));
	age(&a, 5);
	CHECK(look(0).state == HEALTH_OK);
	spool_runner_release(&a);
	spool_runner_release(&b);
	CHECK(look(0).state == HEALTH_NO_RUNNER);
	end_spool();
}

static void room(void)
{
	struct spool_runner a;

	new_spool();
	CHECK(spool_runner_open(&a, &spool, &err) == 0 && health_beat(&a, true, "", &unknown) == 0);
	CHECK(look(INT64_MAX).state == HEALTH_DISK && strstr(look(INT64_MAX).detail, "cee-prune --older-than"));
	CHECK(health_beat(&a, false, "", &unknown) == 0); /* the shorter text leaves nothing of the longer one */
	CHECK(look(INT64_MAX).state == HEALTH_ENGINE);
	spool_runner_release(&a);
	end_spool();
}

int main(void)
{
	RUN(runners);
	RUN(room);
	return check_status();
}
