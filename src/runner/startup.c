/* startup.c - makes the runner's objects, in the order in which they need one another, and releases them */
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/loop.h"
#include "cli/prog.h"
#include "engine/docker.h"
#include "job/language.h"
#include "runner/box/boxes.h"
#include "runner/box/image_ids.h"
#include "runner/compile/compilers.h"
#include "runner/core/cleaner.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"
#include "runner/core/notify.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/host/limit_probe.h"
#include "runner/host/self_test.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/queue/pending.h"
#include "runner/queue/queue.h"
#include "runner/queue/user_requests.h"
#include "runner/run/run.h"
#include "runner/runner.h"
#include "spool/kept.h"
#include "spool/registration.h"
#include "spool/retention.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* On a host where the self-test takes longer, the service counts as started before its end. */
enum { READY_US = 60000000 };

static void wake(void *arg)
{
	runner_wake(arg);
}

static void images_changed(void *arg)
{
	runner_publish_languages(arg);
}

static void unknown_language(void *arg)
{
	runner_look_at_languages(arg);
}

static bool compiled_elsewhere(const void *arg, const struct lang *lang, const struct limits *limits)
{
	return compilers_suit(arg, lang, limits);
}

static enum request_result removal(void *arg, const char *owner, const char *id)
{
	struct runner *r = arg;

	return user_requests_removal(&r->user_requests, owner, id);
}

static void join(void *arg, const char *name)
{
	struct runner *r = arg;

	user_requests_join(&r->user_requests, name);
}

/* Its folder for claimed jobs goes as well; with a job in it, it stays. */
static void owner_gone(void *arg, const char *owner)
{
	struct runner *r = arg;

	unlinkat(r->claims.dirfd, owner, AT_REMOVEDIR);
}

static void read_configuration(struct runner *r)
{
	struct cee_err e;
	char text[200];

	if (config_load(&r->config, r->options.conf_path, r->options.spool_path, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	if (runner_cannot_pin(r, &r->config, text, sizeof(text)))
		prog_die(EX_CONFIG, "%s", text);
	if (access(r->config.conf.init, X_OK) < 0)
		prog_die(EX_CONFIG, "init = %s: %s; run make, or set init in cee.conf", r->config.conf.init,
			 strerror(errno));
	log_init(r->options.log_json || (r->config.conf.log_json && !r->options.log_text));
}

static void open_spool(struct runner *r, bool durable)
{
	const char *path = r->config.conf.spool;
	struct cee_err e;

	if (spool_open(&r->spool, path, SPOOL_CREATE, durable, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	if (r->spool.shared)
		umask(022); /* access of readers is controlled by the directories above (spool/multiuser.c) */
	if (spool_runner_open(&r->claims, &r->spool, &e) < 0)
		prog_die(prog_config_status(), "%s: %s; make the spool writable for this user, or name another with -s",
			 path, e.msg);
	if (!realpath(path, r->spool_real))
		prog_die(EX_OSERR, "%s: %s", path, strerror(errno));
}

static void make_boxes(struct runner *r)
{
	char site[SPOOL_SITE_MAX];

	spool_site(&r->spool, site);
	boxes_init(&r->boxes, &r->loop, &r->docker.engine, &r->config);
	boxes_label(&r->boxes, r->spool_real, site, r->claims.name);
	boxes_on_gone(&r->boxes, wake, r);
	image_ids_init(&r->images, &r->loop, &r->docker.engine, &r->config);
	image_ids_on_change(&r->images, images_changed, r);
	limit_probes_init(&r->probes, &r->boxes);
	self_test_init(&r->self_test, &r->boxes, &r->probes, runner_self_tested, r);
	layer_builds_init(&r->layer_builds, &r->boxes, &r->images, &r->config);
	compilers_init(&r->compilers, &r->boxes, &r->config);
	pool_init(&r->pool, &r->boxes, &r->config, compiled_elsewhere, &r->compilers);
}

static void make_runs(struct runner *r, bool durable)
{
	struct runs_parts parts = { .config = &r->config,
				    .runner = &r->claims,
				    .loop = &r->loop,
				    .sync = &r->sync,
				    .boxes = &r->boxes,
				    .pool = &r->pool,
				    .compilers = &r->compilers,
				    .layer_builds = &r->layer_builds,
				    .pin = &r->pin,
				    .counters = &r->counters,
				    .durable = durable };
	struct runs_ops ops = { .ended = wake, .resumable = wake, .unknown_language = unknown_language, .arg = r };

	counters_init(&r->counters);
	r->runs = runs_new(&parts, &ops);
	if (!r->runs)
		prog_die(EX_OSERR, "out of memory");
}

static void make_queue(struct runner *r)
{
	struct queue_ops ops = { .changed = wake,
				 .cancel = runner_cancel,
				 .input = runner_input,
				 .removal = removal,
				 .join = join,
				 .owner_gone = owner_gone,
				 .arg = r };
	struct cee_err e;

	user_requests_init(&r->user_requests, &r->spool, &r->config.conf, &r->sync);
	r->queue = queue_new(&r->loop, &r->spool, &ops, user_requests_most_waiting(&r->user_requests), &e);
	if (!r->queue)
		prog_die(EX_OSERR, "%s", e.msg);
}

static void start_cleaner(struct runner *r)
{
	const struct retention_rules rules = runner_retention(r);

	r->kept = (struct kept){ .bytes = -1, .jobs = -1 };
	if (cleaner_init(&r->cleaner, &r->spool, &rules) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
}

static void start_timers(struct runner *r)
{
	timer_init(&r->claim_later, &r->loop, runner_claim_later);
	timer_init(&r->turn_again, &r->loop, runner_turn_again);
	timer_init(&r->housekeeping, &r->loop, runner_housekeeping);
	timer_init(&r->expiry, &r->loop, runner_expire);
	timer_init(&r->blind_scan, &r->loop, runner_blind_scan);
	notify_ready_within(&r->notify, READY_US);
	runner_housekeeping(&r->housekeeping);
	runner_expire(&r->expiry);
	if (queue_blind(r->queue))
		runner_blind_scan(&r->blind_scan);
	runner_wake(r);
}

void runner_start(struct runner *r, const struct runner_options *o)
{
	const char *host = getenv("DOCKER_HOST");
	struct cee_err e;
	bool durable;

	*r = (struct runner){ .options = *o, .signals = { .fd = -1 } };
	pin_init(&r->pin);
	read_configuration(r);
	durable = r->config.conf.durable && !r->options.relaxed;
	open_spool(r, durable);
	if (loop_init(&r->loop) < 0 || runner_watch_signals(r) < 0 || sync_init(&r->sync, &r->loop) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
	notify_init(&r->notify, &r->loop);
	make_boxes(r);
	make_runs(r, durable);
	runner_publish_languages(r);
	make_queue(r);
	start_cleaner(r);
	if (docker_init(&r->docker, &r->loop, host && *host ? host : r->config.conf.docker_host, runner_engine_changed,
			r, &e) < 0)
		prog_die(prog_config_status(), "%s", e.msg);
	if (docker_host_paths(&r->docker, r->config.conf.host_paths) < 0)
		prog_die(EX_OSERR, "out of memory");
	log_event("start", "version", CEE_VERSION, "runner", r->claims.name, "spool", r->spool_real, "jobs",
		  log_number(runner_places(r)), "durable", durable ? "yes" : "no", NULL);
	start_timers(r);
}

void runner_finish(struct runner *r)
{
	log_event("end", "runner", r->claims.name, NULL);
	notify_release(&r->notify);
	sync_release(&r->sync);
	cleaner_release(&r->cleaner);
	runs_free(r->runs);
	pool_release(&r->pool);
	compilers_release(&r->compilers);
	layer_builds_release(&r->layer_builds);
	image_ids_release(&r->images);
	queue_free(r->queue);
	user_requests_release(&r->user_requests);
	boxes_sweep_folders(&r->boxes, r->claims.name); /* those whose containers the engine still removes */
	boxes_release(&r->boxes);
	docker_release(&r->docker); /* after all that may have a call of it */
	spool_runner_release(&r->claims);
	spool_release(&r->spool);
	config_release(&r->config);
	runner_release_replaced(r);
	close_ptr(&r->signals.fd);
	loop_release(&r->loop);
}
