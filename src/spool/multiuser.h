/* multiuser.h - a spool that many users share: owners and modes of its directories */
#ifndef CEE_SPOOL_MULTIUSER_H
#define CEE_SPOOL_MULTIUSER_H

#include "base/error.h"
#include "spool/spool.h"

#include <sys/types.h>

/* Makes the head of a shared spool, or corrects its modes; for root. fd, path: the spool. */
int multiuser_make_head(int fd, const char *path, struct cee_err *e);
/* Makes an owner's directories for uid, or corrects them; for root. */
int multiuser_make_owner(struct spool *s, const char *owner, uid_t uid, struct cee_err *e);
/* Opens cur/RUNNER/OWNER beneath runner, created if it is missing, for the uid that owns new. */
int multiuser_make_claims(int runner, const char *owner, int new);
/* Call f for each wrong owner, mode or access control list, and return the number of calls. path is below the spool;
 * expected says what is wrong and what would be right. multiuser_check: the head of the spool. */
typedef void (*multiuser_fn)(void *arg, const char *path, const char *expected);
int multiuser_check(struct spool *s, multiuser_fn f, void *arg);
int multiuser_check_owner(struct spool *s, const char *owner, uid_t uid, multiuser_fn f, void *arg);

#endif
