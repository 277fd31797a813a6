/* user_requests.h - requests of a shared spool's users other than jobs
 *
 * The creation of a user's part of the spool, and the removal of finished jobs: in a shared spool only root can
 * do either (spool/multiuser.c, spool/remove.c).
 */
#ifndef RUNNER_USER_REQUESTS_H
#define RUNNER_USER_REQUESTS_H

#include "conf/conf.h"
#include "runner/core/sync.h"
#include "runner/queue/pending.h"
#include "spool/spool.h"

#include <stddef.h>

struct removal;
struct user_requests {
	struct spool *spool; /* these are borrowed */
	const struct conf *conf;
	struct sync *sync;
	struct removal *removals; /* under way */
	int nremovals;
};
void user_requests_init(struct user_requests *u, struct spool *s, const struct conf *c, struct sync *sync);
/* After sync_release: the removals that the sync thread had are done, but their answers were not waited for. */
void user_requests_release(struct user_requests *u);
/* The maximum of jobs of one owner in the queue, so that a user cannot fill the runner's memory. */
size_t user_requests_most_waiting(const struct user_requests *u);
/* An entry of join/. */
void user_requests_join(struct user_requests *u, const char *name);
/* OWNER/cancel/ID.remove. The removal waits for the disk, so the sync thread does it. */
enum request_result user_requests_removal(struct user_requests *u, const char *owner, const char *id);
#endif
