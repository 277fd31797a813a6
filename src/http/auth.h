/* auth.h - who asks, and what they may do */
#ifndef CEE_HTTP_AUTH_H
#define CEE_HTTP_AUTH_H

#include "http/request.h"
#include "spool/owner_name.h"

#include <stdbool.h>

/* Sets owner, scopes and anonymous and returns true, or has answered 401, 403 or 500. by_ticket: a valid
 * ?ticket= of the task suffices. */
bool auth_allow(struct request *rq, unsigned needs, bool by_ticket);
/* The owner of what a user submits, or of one who asks through an application; user may be NULL. -1: none
 * can be made. */
int auth_owner(char owner[OWNER_MAX], const char *realm, const char *name, const char *user);

#endif
