/* run_limits.c - the effective limits: those of the job, else the language's or cee.conf's, at most the ceiling */
#include "base/limit.h"
#include "conf/conf.h"
#include "runner/run/run_internal.h"

enum { SESSION_SLACK_US = 60000000, SESSION_PROCESSORS = 1024 };

void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l)
{
	const struct conf *c = &r->all->parts.config->conf;

	*l = *own;
	if (r->lang)
		limits_default(l, &r->lang->limits[p]);
	limits_default(l, &c->dflt[p]);
	limits_cap(l, &c->max[p]);
	if (p == PHASE_RUN && r->job.session.life_us) { /* the runner ends it; each cell has a wall time of its own */
		l->v[LIMIT_WALL] = r->job.session.life_us + SESSION_SLACK_US;
		l->v[LIMIT_CPU] = l->v[LIMIT_WALL] * SESSION_PROCESSORS;
	}
}
