/* multiuser.h - a spool of many users: their parts, and their requests */
#ifndef CEE_SPOOL_MULTIUSER_H
#define CEE_SPOOL_MULTIUSER_H

#include "base/error.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <sys/types.h>

/* A shared spool (share.c). Of what is not as it should be f is told the path and what would be right. */
typedef void (*spool_share_fn)(void *arg, const char *path, const char *text);
int spool_share_check(struct spool *s, spool_share_fn f, void *arg); /* how many */
int spool_share_check_owner(struct spool *s, const char *owner, uid_t uid, spool_share_fn f, void *arg);
/* Makes an owner's part, or sets it right; for root. */
int spool_share_owner(struct spool *s, const char *owner, uid_t uid, struct cee_err *e);
/* Who may be owner: N may be uid-N, and http (NULL: nobody) anon and http-*. */
bool spool_owner_uid(const char *owner, const uid_t *http, uid_t *uid);
/* Runner: who asks for a part, names in join/. */
int spool_each_join(struct spool *s, spool_name_fn f, void *arg);
bool spool_join_parse(const char *name, char owner[OWNER_MAX]);
/* Makes the part, or not, and the question goes. 1 made, 0 nothing is asked, -1 refused. */
int spool_join_answer(struct spool *s, const char *name, const uid_t *http, char owner[OWNER_MAX], struct cee_err *e);

#endif
