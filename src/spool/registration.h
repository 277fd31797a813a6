/* registration.h - a runner's place in the spool: cur/RUNNER and its locks
 *
 *     spool_runner_open(&r, &spool, &e);
 *     spool_claim(&r, ...) and so on: claim.h, attempt.h, adopt.h
 *     spool_runner_release(&r);
 */
#ifndef CEE_SPOOL_REGISTRATION_H
#define CEE_SPOOL_REGISTRATION_H

#include "base/error.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

struct spool_runner {
	struct spool *s;
	char name[OWNER_MAX];
	int dirfd, lockfd;  /* cur/NAME and its lock */
	int alivefd;	    /* in a shared spool, the lock that users can test; else -1 */
	const char *locked; /* adopt.c: the dead runner whose lock spool_each_dead holds now */
};
/* Makes cur/NAME with its locks held, under a new name; s is borrowed until the release. EPERM: the spool is shared and
 * this process is not root. */
int spool_runner_open(struct spool_runner *r, struct spool *s, struct cee_err *e);
void spool_runner_release(struct spool_runner *r); /* removes the directory when it is empty */

#endif
