/* queue_stat.c - cee-stat without an id: the queue (queue_stat.h) */
#include "cmd/cee-stat/queue_stat.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "cli/prog.h"
#include "cmd/cee-stat/stat_print.h"
#include "cmd/cee-stat/stat_prog.h"
#include "spool/count.h"
#include "spool/health.h"
#include "spool/jobs.h"
#include "spool/kept.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int json_running(void *arg, const struct spool_claimed *job)
{
	struct json_writer *w = arg;

	json_open(w, NULL, '{');
	json_put_text(w, "id", job->id);
	json_put_text(w, "owner", job->owner);
	json_put_integer(w, "attempt", job->attempt);
	json_put_text(w, "runner", job->runner);
	json_put_bool(w, "alive", job->alive);
	json_close(w, '}');
	return 0;
}

static int put_running(void *arg, const struct spool_claimed *job)
{
	double age = seconds(now_us() - id_time_us(job->id));

	(void)arg;
	out("%-36s  %-12s  %7d  %8.1f s  %s%s\n", job->id, job->owner, job->attempt, age, job->runner,
	    job->alive ? "" : " (dead: another runner will take it over)");
	return 0;
}

/* What the owner keeps; of all owners together, what a runner counted last. False: not known. */
static bool find_kept(struct stat_prog *p, const struct health *h, struct kept *k)
{
	if (!p->all)
		return kept_read(&p->c.spool, p->c.owner, k);
	*k = h->kept;
	return k->bytes >= 0;
}

static void json_queue(struct stat_prog *p, const char *owner, const struct health *health, int64_t waiting,
		       int64_t claimed)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);
	struct kept k;

	json_open(&w, NULL, '{');
	json_put_text(&w, "owner", owner);
	json_put_integer(&w, "runners", health->runners);
	json_put_text(&w, "health", health_text[health->state]);
	json_put_integer(&w, "waiting", waiting);
	json_put_integer(&w, "running", claimed);
	if (find_kept(p, health, &k)) {
		json_put_integer(&w, "kept_bytes", k.bytes);
		json_put_integer(&w, "kept_jobs", k.jobs);
	} else {
		json_put_null(&w, "kept_bytes");
		json_put_null(&w, "kept_jobs");
	}
	json_open(&w, "jobs", '[');
	spool_each_claimed(&p->c.spool, owner, json_running, &w);
	json_close(&w, ']');
	out_json(&w);
}

static void put_kept(struct stat_prog *p, const struct health *h)
{
	char bytes[LIMIT_TEXT_MAX], most[LIMIT_TEXT_MAX];
	int64_t bound = p->c.conf.keep_bytes;
	struct kept k;

	if (!find_kept(p, h, &k))
		return;
	limit_format(bytes, LIMIT_DISK, k.bytes < 1 << 20 ? k.bytes >> 10 << 10 : k.bytes >> 20 << 20);
	limit_format(most, LIMIT_DISK, bound);
	out("%-9s %" PRId64 " finished, %s", "kept", k.jobs, bytes);
	out(p->all || bound == LIMIT_NONE ? "\n" : " of %s\n", most);
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
		json_queue(p, owner, &health, waiting, claimed);
	} else {
		out("%-9s %d alive%s\n", "runners", health.runners,
		    health.runners ? "" : ": jobs wait until cee-runner is started");
		if (health.state != HEALTH_OK && health.state != HEALTH_NO_RUNNER)
			out("%-9s %s: %s\n", "trouble", health_text[health.state], health.detail);
		out("%-9s %" PRId64 "\n%-9s %" PRId64 "\n", "waiting", waiting, "running", claimed);
		put_kept(p, &health);
		if (claimed > 0)
			out("\n%-36s  %-12s  %7s  %10s  %s\n", "ID", "OWNER", "ATTEMPT", "AGE", "RUNNER");
		spool_each_claimed(&p->c.spool, owner, put_running, NULL);
	}
	out_flush();
	return EXIT_SUCCESS;
}
