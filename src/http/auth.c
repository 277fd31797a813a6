/* auth.c - who asks, and what they may do (web.h)
 *
 * The server's own authentication (REMOTE_USER) is believed. An owner's name is made of the
 * user's so that no two users get the same and none gets one that is not a web user's.
 */
#include "web.h"

#include <stdio.h>
#include <string.h>

bool auth_allow(struct web *w, unsigned needs)
{
	if (needs == SCOPE_NONE)
		return true;
	answer_header(w, "WWW-Authenticate", "Bearer");
	answer_problem(w, 401, "say who you are: a bearer token, or the server's own login");
	return false;
}
