/* user_requests.c - directories of users in a shared spool, and removals
 *
 * A user's part of the spool is a few directories, made at once. A removal waits for the disk, so the sync thread
 * does it, a few at a time for each owner. The files are authoritative: requests that find no room here are
 * tried again later.
 */
#include "runner/queue/user_requests.h"
#include "base/error.h"
#include "base/id.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "runner/core/log.h"
#include "runner/core/sync.h"
#include "runner/queue/pending.h"
#include "spool/join.h"
#include "spool/owner_name.h"
#include "spool/remove.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMOVALS_MOST = 64, REMOVALS_OF_OWNER = 16, WAITING_LEAST = 1000 };

struct removal {
	struct user_requests *all;
	struct sync_request sync;
	char owner[OWNER_MAX], id[ID_LEN + 1];
	struct cee_err e;
	struct removal *next;
};

void user_requests_init(struct user_requests *u, struct spool *s, const struct conf *c, struct sync *sync)
{
	*u = (struct user_requests){ .spool = s, .conf = c, .sync = sync };
}

void user_requests_release(struct user_requests *u)
{
	struct removal *next;

	for (; u->removals; u->removals = next) {
		next = u->removals->next;
		free(u->removals);
	}
	u->nremovals = 0;
}

size_t user_requests_most_waiting(const struct user_requests *u)
{
	size_t most = 2 * (size_t)u->conf->max_queued;

	return !u->spool->shared ? SIZE_MAX : most < WAITING_LEAST ? WAITING_LEAST : most;
}

void user_requests_join(struct user_requests *u, const char *name)
{
	struct cee_err e = { "" };
	char owner[OWNER_MAX];
	uid_t uid;
	bool http = *u->conf->http_user && conf_http_uid(u->conf, &uid, &e) == 0;
	int r = join_answer(u->spool, name, http ? &uid : NULL, owner, &e);

	if (r > 0)
		log_event("owner", "owner", owner, "to", "made", NULL);
	else if (r < 0)
		log_event("owner", "owner", owner, "trouble", e.msg, NULL);
}

/* In the sync thread. */
static int remove_job(void *arg)
{
	struct removal *r = arg;

	return spool_removal_answer(r->all->spool, r->owner, r->id, &r->e) < 0 ? errno : 0;
}

static void removed(void *arg, int err)
{
	struct removal *r = arg, **p = &r->all->removals;

	if (err && err != ENOENT)
		log_event("removal", "owner", r->owner, "id", r->id, "trouble", r->e.msg, NULL);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	r->all->nremovals--;
	free(r);
}

enum request_result user_requests_removal(struct user_requests *u, const char *owner, const char *id)
{
	struct removal *r;
	int of_owner = 0;

	for (r = u->removals; r; r = r->next) {
		if (strcmp(r->owner, owner) != 0)
			continue;
		if (strcmp(r->id, id) == 0)
			return REQUEST_KEPT; /* it is under way */
		of_owner++;
	}
	if (u->nremovals == REMOVALS_MOST || of_owner == REMOVALS_OF_OWNER || !(r = calloc(1, sizeof(*r))))
		return REQUEST_LATER;
	r->all = u;
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->sync = (struct sync_request){ .work = remove_job, .done = removed, .arg = r };
	r->next = u->removals;
	u->removals = r;
	u->nremovals++;
	sync_submit(u->sync, &r->sync);
	return REQUEST_DONE;
}
