/* runner.h - the runner's objects and their connections
 *
 *     main.c > startup.c > stopping.c, housekeeping.c, user_events.c > engine_events.c > reload.c, claiming.c
 *
 * One thread, one loop. Handlers only change objects and call runner_wake; runner_turn, after each batch of events,
 * is the one place that decides whether another job may begin and whether the runner may end.
 */
#ifndef RUNNER_RUNNER_H
#define RUNNER_RUNNER_H

#include "base/loop.h"
#include "conf/conf_values.h"
#include "engine/docker.h"
#include "runner/box/boxes.h"
#include "runner/box/image_ids.h"
#include "runner/compile/compilers.h"
#include "runner/core/cleaner.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/notify.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "runner/host/self_test.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/queue/pending.h"
#include "runner/queue/user_requests.h"
#include "spool/kept.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runner_options {
	const char *conf_path, *spool_path;
	int jobs; /* -j; 0: as configured */
	bool relaxed, once, log_json, log_text;
};

struct replaced;
struct runner {
	struct runner_options options;
	struct config config;
	struct replaced *replaced; /* configurations before this one */
	struct spool spool;
	struct spool_runner claims;
	char spool_real[PATH_MAX];

	struct loop loop;
	struct notify notify; /* the service manager: ready once jobs may begin, or wait for the engine */
	struct sync sync;
	struct cleaner cleaner;
	struct kept kept; /* by all owners, as the cleaner counted last */
	struct pin pin;
	struct counters counters;
	struct docker docker;
	struct boxes boxes;
	struct image_ids images;
	struct limit_probes probes;
	struct self_test self_test;
	struct compilers compilers;
	struct layer_builds layer_builds;
	struct pool pool;
	struct queue *queue;
	struct user_requests user_requests;
	struct runs *runs;

	struct watch signals;
	struct timer housekeeping, expiry, blind_scan, claim_later, stop_check, turn_again;
	bool resumed_last; /* the last place went to a job whose packages were ready */
	bool wake;	   /* something changed: runner_turn must run */
	bool swept;	   /* no box of an earlier process is left: jobs may begin */
	int sweeps;	   /* of this runner's own containers, under way */
	bool sweep_failed; /* the last of them */
	bool lost_before; /* there may be containers whose create was not answered: what it was before the last sweep */
	bool tested;	  /* the self-test is finished */
	bool test_again;  /* the self-test had no image: repeat it */
	bool metrics_failed; /* the last write of the metrics failed */
	int stopping;	     /* stop signals so far */
	int64_t sweep_forgotten_at;
	int64_t away_since; /* while stopping: since when the engine does not answer; 0: it answers */
	bool abandoned;	    /* the runner no longer waits for boxes */
	bool quit;
	char refusal[900]; /* why nothing may begin here, or "" */
	int refusal_status;
};

/* startup.c. Ends the process with a message when the runner cannot begin. */
void runner_start(struct runner *r, const struct runner_options *o);
void runner_finish(struct runner *r);

/* claiming.c */
void runner_wake(struct runner *r);
/* Begins jobs while there are places. */
void runner_turn(struct runner *r);
int runner_places(const struct runner *r);
void runner_claim_later(struct timer *t); /* r->claim_later */
void runner_turn_again(struct timer *t);  /* r->turn_again */
/* The runner ends when nothing is left to do. */
void runner_maybe_quit(struct runner *r);

/* reload.c */
/* NULL, or the reason why jobs cannot have separate processors; in text. */
const char *runner_cannot_pin(const struct runner *r, const struct config *c, char *text, size_t size);
void runner_publish_languages(struct runner *r);
/* Reads the languages again if their files changed: adding, changing or removing a file needs no reload. */
void runner_look_at_languages(struct runner *r);
void runner_reload(struct runner *r);
void runner_release_replaced(struct runner *r);

/* user_events.c: arg is the runner. */
enum request_result runner_cancel(void *arg, const char *owner, const char *id);
enum request_result runner_input(void *arg, const char *owner, const char *name);

/* engine_events.c */
void runner_beat(struct runner *r); /* for cee-http, cee-stat and cee-doctor: this runner is alive */
void runner_engine_changed(void *arg, bool up);
void runner_sweep_dead(struct runner *r);
/* Removes containers that the engine made when their runner had ended; also once a minute. */
void runner_sweep_forgotten(struct runner *r);
/* Removes this runner's containers that it does not know: those whose create was not answered, and all if the last try
 * failed. false: nothing was begun. */
bool runner_sweep_again(struct runner *r);
void runner_self_test(struct runner *r);
void runner_self_tested(void *arg, const struct self_test_result *result);

/* housekeeping.c: periodic tasks. */
struct retention_rules runner_retention(const struct runner *r);
void runner_housekeeping(struct timer *t);
void runner_expire(struct timer *t);
void runner_blind_scan(struct timer *t);

/* stopping.c */
int runner_watch_signals(struct runner *r);
#endif
