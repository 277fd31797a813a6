/* join.h - asking a runner for an owner's part of a shared spool: SPOOL/join
 *
 * A request is an empty file OWNER.ID whose uid, set by the kernel, identifies the caller. The runner creates
 * the part or refuses, and removes the file in both cases.
 */
#ifndef CEE_SPOOL_JOIN_H
#define CEE_SPOOL_JOIN_H

#include "base/error.h"
#include "spool/owner_name.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <sys/types.h>

/* Requests OWNER, and waits until it exists: ETIMEDOUT, EPERM, EACCES (this uid may not submit at all). */
int join_request(struct spool *s, const char *owner, struct cee_err *e);
/* For the runner: calls f with the name of each request. */
int join_each(struct spool *s, spool_name_fn f, void *arg);
bool join_parse(const char *name, char owner[OWNER_MAX]);
/* Answers a request. http: cee-http's uid or NULL. 1 made, 0 no such request, -1 refused. */
int join_answer(struct spool *s, const char *name, const uid_t *http, char owner[OWNER_MAX], struct cee_err *e);

#endif
