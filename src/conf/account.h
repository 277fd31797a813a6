/* account.h - the user that cee-http runs as */
#ifndef CEE_CONF_ACCOUNT_H
#define CEE_CONF_ACCOUNT_H

#include "base/error.h"
#include "conf/conf.h"

#include <sys/types.h>

int conf_http_uid(const struct conf *c, uid_t *uid,
		  struct cee_err *e); /* 0: *uid is the uid of http_user; ENOENT: http_user is not set */

#endif
