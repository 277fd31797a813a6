/* conf_limits.h - limit.PHASE.NAME and ceiling.PHASE.NAME of cee.conf(5), by the table of limit.h */
#ifndef CEE_CONF_LIMITS_H
#define CEE_CONF_LIMITS_H

#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"

#include <stdbool.h>

struct conf_limits_seen {
	bool limit[2][PHASE_COUNT][LIMIT_COUNT];
};

void conf_limits_init(struct conf *c); /* built-in defaults and ceilings */
/* 1: key is neither a limit nor a ceiling; else as conf_set. */
int conf_limits_set(struct conf *c, const char *key, const char *value, struct conf_limits_seen *seen,
		    struct cee_err *e);

#endif
