/* conf_limits.c - limit.PHASE.NAME and ceiling.PHASE.NAME: defaults, and reading them */
#include "conf/conf_limits.h"
#include "base/error.h"
#include "base/limit.h"
#include "conf/conf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void conf_limits_init(struct conf *c)
{
	for (int p = 0; p < PHASE_COUNT; p++) {
		c->dflt[p] = limits_usual[p];
		c->max[p] = limits_ceiling;
	}
}

int conf_limits_set(struct conf *c, const char *key, const char *value, struct conf_limits_seen *seen,
		    struct cee_err *e)
{
	static const char *const phases[PHASE_COUNT] = { [PHASE_COMPILE] = "compile.", [PHASE_RUN] = "run." };
	bool ceiling = strncmp(key, "ceiling.", 8) == 0;
	int phase, id;

	if (!ceiling && strncmp(key, "limit.", 6) != 0)
		return 1;
	key += ceiling ? 8 : 6;
	for (phase = 0; phase < PHASE_COUNT; phase++)
		if (strncmp(key, phases[phase], strlen(phases[phase])) == 0)
			break;
	if (phase == PHASE_COUNT)
		return cee_fail(e, EINVAL, "names no phase (write limit.compile.… or limit.run.…)");
	id = limit_find(key + strlen(phases[phase]));
	if (id < 0)
		return cee_fail(e, EINVAL, "unknown limit (there are %s)", limit_names);
	if (seen->limit[ceiling][phase][id])
		return cee_fail(e, EINVAL, "duplicate");
	seen->limit[ceiling][phase][id] = true;
	return limit_parse((enum limit_id)id, value, &(ceiling ? c->max : c->dflt)[phase].v[id], e);
}
