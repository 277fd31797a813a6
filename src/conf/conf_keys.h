/* conf_keys.h - the keys of cee.conf(5): one table of names, members, defaults and bounds */
#ifndef CEE_CONF_KEYS_H
#define CEE_CONF_KEYS_H

#include "base/error.h"
#include "conf/conf.h"

#include <stdbool.h>

enum { CONF_KEYS_MOST = 96 };

/* Sets the member of key. An error if seen says that it was set before: a duplicate key would silently override
 * the first. -1 EINVAL: e describes the error without naming the key. */
int conf_set(struct conf *c, const char *key, const char *value, bool seen[CONF_KEYS_MOST], struct cee_err *e);
/* Makes relative paths relative to base. -1 ENOMEM */
int conf_make_absolute(struct conf *c, const char *base);
/* -1 ENOMEM: conf_init had no memory for a default. */
int conf_complete(const struct conf *c);

#endif
