/* share.c - what users of a shared spool ask of the runner, besides jobs
 *
 * A part of the spool for who has none yet, and the removal of a job that has ended: both only
 * root can do there (lib/share.c, lib/remove.c). The first is a few directories. The second waits for the
 * disk, so the syncing helper does it. The files are the truth: what finds no place here is
 * found again by the next scan.
 */
#include "runner/queue/user_requests.h"
#include "base/error.h"
#include "base/id.h"
#include "conf/account.h"
#include "conf/conf.h"
#include "runner/core/log.h"
#include "runner/core/sync.h"
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
#include <unistd.h>


enum { REMOVALS_MOST = 64, WAITING_LEAST = 1000 };

struct removal {
	struct sync_request sync;
	char owner[OWNER_MAX], id[ID_LEN + 1];
	struct cee_err e;
	struct removal *next;
};

static struct spool *spool;
static struct sync *helper;
static const struct conf *conf;
static struct removal *removals;
static int nremovals;

void share_init(struct spool *s, const struct conf *c, struct sync *thread)
{
	helper = thread;
	spool = s;
	conf = c;
}

size_t share_most(void)
{
	size_t most = 2 * (size_t)conf->max_queued;

	return !spool->shared ? SIZE_MAX : most < WAITING_LEAST ? WAITING_LEAST : most;
}

void share_join(const char *name)
{
	struct cee_err e = { "" };
	char owner[OWNER_MAX];
	uid_t uid;
	bool http = *conf->http_user && conf_http_uid(conf, &uid, &e) == 0;
	int r = join_answer(spool, name, http ? &uid : NULL, owner, &e);

	if (r > 0)
		log_event("owner", "owner", owner, "to", "made", NULL);
	else if (r < 0)
		log_event("owner", "owner", owner, "trouble", e.msg, NULL);
}

static int remove_it(void *arg)
{
	struct removal *r = arg;

	return spool_removal_answer(spool, r->owner, r->id, &r->e) < 0 ? errno : 0;
}

static void removed(void *arg, int err)
{
	struct removal *r = arg, **p = &removals;

	if (err && err != ENOENT)
		log_event("removal", "owner", r->owner, "id", r->id, "trouble", r->e.msg, NULL);
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	nremovals--;
	free(r);
}

void share_removal(const char *owner, const char *id)
{
	struct removal *r = removals;

	while (r && (strcmp(r->id, id) != 0 || strcmp(r->owner, owner) != 0))
		r = r->next;
	if (r || nremovals == REMOVALS_MOST || !(r = calloc(1, sizeof(*r))))
		return;
	snprintf(r->owner, sizeof(r->owner), "%s", owner);
	memcpy(r->id, id, sizeof(r->id));
	r->sync = (struct sync_request){ .work = remove_it, .done = removed, .arg = r };
	r->next = removals;
	removals = r;
	nremovals++;
	sync_submit(helper, &r->sync);
}
