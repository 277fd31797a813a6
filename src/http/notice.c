/* notice.c - what keeps tasks from being run at present, in words for their owners */
#include "http/notice.h"
#include "base/clock.h"
#include "http/request.h"
#include "spool/health.h"
#include "spool/runners.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MISSING_US = 10000000 };

/* cur/ changes when a runner starts or ends; the time at which a runner was killed is unknown. */
static bool restarting(struct request *rq)
{
	int64_t changed = spool_runners_changed_us(&rq->client.spool);

	return changed < 0 || now_us() - changed <= MISSING_US;
}

const char *notice_text(struct request *rq)
{
	static const char *const text[HEALTH_COUNT] = {
		[HEALTH_NO_RUNNER] = "no runner is alive: the task waits until one is started",
		[HEALTH_STALLED] = "no runner responds: the task waits until one does",
		[HEALTH_ENGINE] = "the container engine does not answer: the task waits until it does",
		[HEALTH_DISK] = "the disk is full: output may be lost, and new tasks are refused",
	};
	struct health h;

	health_look(&rq->client.spool, rq->client.conf.min_room, &h);
	return h.state == HEALTH_NO_RUNNER && restarting(rq) ? NULL : text[h.state];
}
