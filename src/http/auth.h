/* auth.h - authentication and authorization of a request */
#ifndef CEE_HTTP_AUTH_H
#define CEE_HTTP_AUTH_H

#include "http/request.h"
#include "spool/owner_name.h"

#include <stdbool.h>

/* Sets owner, scopes and anonymous and returns true, or has answered 401, 403 or 500. by_ticket: a valid
 * ?ticket= of the task suffices. */
bool auth_allow(struct request *rq, unsigned needs, bool by_ticket);
/* Makes the owner's name from a user's name, or from an application's name and its user's; user may be NULL.
 * -1: out of memory, or the result is not a valid owner name. */
int auth_owner(char owner[OWNER_MAX], const char *realm, const char *name, const char *user);

#endif
