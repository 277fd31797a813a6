/* stopping.c - signals, and the runner's end
 *
 *     SIGTERM or SIGINT: no more claims; the runner ends after the last job
 *     a second one: boxes are removed and their jobs put back
 *     if the engine does not answer for AWAY_US meanwhile: the runner does not wait for
 *         boxes, which end with their connections; jobs are put back
 */
#include "base/loop.h"
#include "engine/engine.h"
#include "runner/core/log.h"
#include "runner/core/notify.h"
#include "runner/run/run.h"
#include "runner/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { CHECK_US = 500000, AWAY_US = 3000000 };

static void check(struct timer *t)
{
	struct runner *r = (struct runner *)((char *)t - offsetof(struct runner, stop_check));
	int64_t now = loop_now(&r->loop);

	if (engine_up(&r->docker.engine) && !r->sweep_failed)
		r->away_since = 0;
	else if (!r->away_since)
		r->away_since = now;
	if (r->away_since && now - r->away_since >= AWAY_US) {
		if (!r->abandoned)
			log_event("stop", "trouble", engine_trouble(&r->docker.engine), "how",
				  "the engine is away; its boxes end with their connections", NULL);
		r->abandoned = true;
		runs_abandon_boxes(r->runs);
	}
	runner_sweep_again(r);
	runner_wake(r);
	loop_timer(t, now + CHECK_US);
}

static void stop(struct runner *r)
{
	r->stopping++;
	log_event("stop", "jobs", log_number(runs_numbers(r->runs, NULL).all), "how",
		  r->stopping == 1 ? "draining; a second signal puts the jobs back" : "putting the jobs back", NULL);
	notify_stopping(&r->notify);
	runs_end_sessions(r->runs);
	if (r->stopping > 1)
		runs_requeue_all(r->runs);
	if (!r->stop_check.at)
		check(&r->stop_check);
	runner_wake(r);
}

static void on_signal(struct watch *w, uint32_t events)
{
	struct runner *r = (struct runner *)((char *)w - offsetof(struct runner, signals));
	struct signalfd_siginfo s;

	(void)events;
	if (read(w->fd, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo == SIGHUP)
		runner_reload(r);
	else
		stop(r);
}

int runner_watch_signals(struct runner *r)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	timer_init(&r->stop_check, &r->loop, check);
	r->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r->signals.ready = on_signal;
	return r->signals.fd < 0 ? -1 : loop_watch(&r->loop, &r->signals, EPOLLIN);
}
