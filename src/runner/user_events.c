/* user_events.c - cancels and input of users
 *
 * To cancel a queued job the runner claims and ends it, which also costs descriptors and disk writes. So there is a
 * limit for each owner, and one for all owners that leaves room for jobs that end in other ways.
 */
#include "base/id.h"
#include "runner/core/queued.h"
#include "runner/queue/pending.h"
#include "runner/queue/queue.h"
#include "runner/run/run.h"
#include "runner/runner.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/input.h"

#include <errno.h>
#include <stdbool.h>

enum { ENDING_OF_OWNER = 32, ENDING_OF_ALL = 48 };

static bool may_end(const struct runner *r, const char *owner)
{
	return runs_numbers(r->runs, NULL).ending < ENDING_OF_ALL &&
	       runs_numbers(r->runs, owner).ending < ENDING_OF_OWNER;
}

/* Takes a waiting job out of the queue to end it as cancelled. */
static enum request_result end_queued(struct runner *r, const char *owner, const char *id)
{
	struct queued q;

	if (!may_end(r, owner))
		return REQUEST_LATER;
	return queue_take(r->queue, owner, id, &q) && runs_begin_cancelled(r->runs, &q) == 0 ? REQUEST_DONE
											     : REQUEST_KEPT;
}

enum request_result runner_cancel(void *arg, const char *owner, const char *id)
{
	struct spool_where w = { .state = STATE_CREATED };
	struct runner *r = arg;

	switch (runs_cancel(r->runs, owner, id)) {
	case RUN_CANCELLED:
		return REQUEST_DONE;
	case RUN_ENDS:
		return REQUEST_KEPT;
	case RUN_NOT_HERE:
		break;
	}
	if (queue_has(r->queue, owner, id))
		return end_queued(r, owner, id);
	/* a request for an unknown job is deleted; one for another runner's job is left to that runner */
	if ((spool_find(&r->spool, owner, id, &w, NULL) < 0 && errno == ENOENT) || w.state == STATE_FINISHED) {
		spool_cancel_clear(&r->spool, owner, id);
		return REQUEST_DONE;
	}
	return REQUEST_KEPT;
}

enum request_result runner_input(void *arg, const char *owner, const char *name)
{
	struct runner *r = arg;
	enum spool_input_kind kind;
	char id[ID_LEN + 1];
	int sig;

	if (!spool_input_parse(name, id, &kind, &sig))
		return REQUEST_KEPT;
	if (runs_input(r->runs, owner, id, kind, sig))
		return kind == INPUT_SIGNAL ? REQUEST_DONE : REQUEST_KEPT;
	if (queue_has(r->queue, owner,
		      id)) /* another runner may have the job: then the signal is left for that runner */
		return kind == INPUT_SIGNAL ? end_queued(r, owner, id) : REQUEST_KEPT;
	if (!spool_input_stale(&r->spool, owner, name))
		return REQUEST_KEPT;
	spool_input_clear(&r->spool, owner, id);
	return REQUEST_DONE;
}
