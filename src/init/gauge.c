/* gauge.c - the real clock and the box's cgroup, behind the table of gauge.h */
#include "init/gauge.h"

#include "base/clock.h"
#include "init/cpu_time.h"

#include <time.h>
#include <unistd.h>

static int64_t real_now(void *arg)
{
	(void)arg;
	return mono_us();
}

static int64_t real_cpu(void *arg)
{
	(void)arg;
	return own_cpu_us();
}

static void real_read(void *arg, struct cgroup_sample *now, const struct cgroup_sample *last)
{
	struct gauge_sources *s = arg;

	cgroup_read(&s->cgroup, now, last);
	now->sockets = sockets_held(&s->sockets, !last);
}

static void real_wait(void *arg, int64_t us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	(void)arg;
	nanosleep(&t, NULL);
}

static bool real_use_jobs(void *arg)
{
	return cgroup_open_jobs(&((struct gauge_sources *)arg)->cgroup);
}

void gauge_init(struct gauge *g, struct gauge_sources *s)
{
	cgroup_open(&s->cgroup);
	sockets_open(&s->sockets);
	*g = (struct gauge){ .arg = s,
			     .now_us = real_now,
			     .own_cpu_us = real_cpu,
			     .read = real_read,
			     .wait_us = real_wait,
			     .use_jobs = real_use_jobs,
			     .pids_max = s->cgroup.pids_max,
			     .processors = sysconf(_SC_NPROCESSORS_ONLN), /* reads a file of /sys */
			     .cgroup = s->cgroup.version != 0 };
}
