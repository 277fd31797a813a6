/* account.c - finds the users that the configuration names
 *
 * Separate from conf.c, so that only the few programs that need it load a name service.
 */
#include "conf/account.h"
#include "base/error.h"
#include "conf/conf.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int conf_http_uid(const struct conf *c, uid_t *uid, struct cee_err *e)
{
	const char *name = c->http_user;
	unsigned long n;
	struct passwd *p;

	if (!*name)
		return cee_fail(e, ENOENT, "http_user: is not set in cee.conf (write the user that cee-http runs as)");
	if (strspn(name, "0123456789") == strlen(name)) {
		n = strlen(name) <= 10 ? strtoul(name, NULL, 10) : UINT32_MAX;
		if (n >= UINT32_MAX)
			return cee_fail(e, EINVAL, "http_user = %s: not a valid user number", name);
		*uid = (uid_t)n;
		return 0;
	}
	p = getpwnam(name);
	if (!p)
		return cee_fail(e, EINVAL, "http_user = %s: no such user on this host", name);
	*uid = p->pw_uid;
	return 0;
}
