/* run_limits.c - the effective limits: those of the job, else the language's or cee.conf's, at most the ceiling */
#include "base/limit.h"
#include "conf/conf.h"
#include "runner/run/run_internal.h"

#include <stdlib.h>
#include <unistd.h>

enum { SESSION_SLACK_US = 60000000, NET = 10, SLOWEST = 10 };

/* How much longer than on an idle host a program may take on the clock, where nobody said how long. A program that
 * computes gets its share of a busy host's processors, and is not at fault for that; for a compiler, which does not
 * wait for anything else, wall time is only a net. */
double run_slowness(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double load = 0;

	if (processors < 1 || getloadavg(&load, 1) != 1)
		return 1;
	load /= (double)processors;
	return load < 1.5 ? 1 : load > SLOWEST ? SLOWEST : load;
}

void run_limits(const struct run *r, enum frame_phase p, const struct limits *own, struct limits *l)
{
	const struct conf *c = &r->all->parts.config->conf;

	*l = *own;
	if (r->lang)
		limits_default(l, &r->lang->limits[p]);
	limits_default(l, &c->dflt[p]);
	if (own->v[LIMIT_WALL] < 0 && l->v[LIMIT_WALL] == limits_wall(l->v[LIMIT_CPU], 1))
		l->v[LIMIT_WALL] = limits_wall(l->v[LIMIT_CPU], p == PHASE_COMPILE ? NET / 3.0 : r->slowness);
	limits_cap(l, &c->max[p]);
	if (p == PHASE_RUN && r->job.session.life_us) { /* the runner ends it; each cell has a wall time of its own */
		l->v[LIMIT_WALL] = r->job.session.life_us + SESSION_SLACK_US;
		l->v[LIMIT_CPU] = LIMIT_NONE;
	}
}
