/* queue_stat.c - cee-stat without an id: the queue (queue_stat.h) */
#include "cmd/cee-stat/queue_stat.h"
#include "base/clock.h"
#include "base/id.h"
#include "cli/prog.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "spool/count.h"
#include "spool/health.h"
#include "spool/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct running {
	struct stat_prog *p;
	bool first;
};

static int put_running(void *arg, const struct spool_claimed *job)
{
	struct running *r = arg;
	double age = seconds(now_us() - id_time_us(job->id));

	if (r->p->json)
		out("%s{\"id\":\"%s\",\"owner\":\"%s\",\"attempt\":%d,\"runner\":\"%s\",\"alive\":%s}",
		    r->first ? "" : ",", job->id, job->owner, job->attempt, job->runner, job->alive ? "true" : "false");
	else
		out("%-36s  %-12s  %7d  %8.1f s  %s%s\n", job->id, job->owner, job->attempt, age, job->runner,
		    job->alive ? "" : " (dead: another runner will take it over)");
	r->first = false;
	return 0;
}

static void each_running(struct stat_prog *p)
{
	struct running r = { .p = p, .first = true };

	spool_each_claimed(&p->c.spool, p->all ? NULL : p->c.owner, put_running, &r);
}

int queue_stat(struct stat_prog *p)
{
	const char *owner = p->all ? NULL : p->c.owner;
	int64_t waiting, claimed;
	struct health health;

	if (spool_count(&p->c.spool, owner, &waiting, &claimed) < 0) {
		if (errno == EACCES && p->c.spool.shared)
			prog_die(EX_NOPERM, "%s: is a shared spool: only root can see %s", p->c.conf.spool,
				 owner ? "another's part" : "the whole queue (-a)");
		prog_die(EX_UNAVAILABLE, "%s: %s", p->c.conf.spool, strerror(errno));
	}
	health_look(&p->c.spool, p->c.conf.min_room, &health);
	if (p->json) {
		out("{\"owner\":");
		out(owner ? "\"%s\"" : "null", owner);
		out(",\"runners\":%d,\"health\":\"%s\",\"waiting\":%" PRId64 ",\"running\":%" PRId64 ",\"jobs\":[",
		    health.runners, health_text[health.state], waiting, claimed);
		each_running(p);
		out("]}\n");
	} else {
		out("%-9s %d alive%s\n", "runners", health.runners,
		    health.runners ? "" : ": jobs wait until cee-runner is started");
		if (health.state != HEALTH_OK && health.state != HEALTH_NO_RUNNER)
			out("%-9s %s: %s\n", "trouble", health_text[health.state], health.detail);
		out("%-9s %" PRId64 "\n%-9s %" PRId64 "\n", "waiting", waiting, "running", claimed);
		if (claimed > 0)
			out("\n%-36s  %-12s  %7s  %10s  %s\n", "ID", "OWNER", "ATTEMPT", "AGE", "RUNNER");
		each_running(p);
	}
	out_flush();
	return EXIT_SUCCESS;
}
