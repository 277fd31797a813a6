/* cee-runner - watches the spool, claims jobs, runs them in boxes
 *
 * One thread, one epoll. How it fits together:
 *     queue.c   what waits            run.c   a claimed job     box.c   a container
 *     pool.c    boxes that wait       deliver.c, verdict.c      to and from init
 *     compilers.c  compile boxes      layer_builds.c  packages
 *     engine.c  plain requests        attach.c  a box's stream  sync.c  the disk
 * This file is start, signals, the slow timer, and the one place that decides
 * whether another job may begin (claim_more). After start nothing that a job,
 * a box or the engine does ends this program.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/loop.h"
#include "cli/prog.h"
#include "conf/account.h"
#include "engine/docker.h"
#include "engine/engine.h"
#include "job/languages.h"
#include "runner/box/boxes.h"
#include "runner/box/image_ids.h"
#include "runner/box/box_sweep.h"
#include "runner/compile/compilers.h"
#include "runner/core/config.h"
#include "runner/core/counters.h"
#include "runner/core/log.h"
#include "runner/core/pin.h"
#include "runner/core/sync.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "runner/host/self_test.h"
#include "runner/layers/layer_builds.h"
#include "runner/pool/pool.h"
#include "runner/queue/queue.h"
#include "runner/queue/user_requests.h"
#include "runner/run/run.h"
#include "spool/adopt.h"
#include "spool/cancel.h"
#include "spool/find.h"
#include "spool/health.h"
#include "spool/input.h"
#include "spool/metrics_file.h"
#include "spool/owner_name.h"
#include "spool/registration.h"
#include "spool/spool.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>


static const char help[] = "usage: cee-runner [-s SPOOL] [-c CONF] [-j JOBS] [--log text|json] [--relaxed]\n"
			   "Watches the spool and runs its jobs in locked-down containers.\n"
			   "\n"
			   "  -s, --spool DIR     the spool (CEE_SPOOL)\n"
			   "  -c, --conf FILE     the configuration (CEE_CONF)\n"
			   "  -j, --jobs N        jobs at once\n"
			   "      --log FORMAT    text or json, a line a transition, on standard error\n"
			   "      --relaxed       do not sync to disk\n"
			   "      --once          end when nothing waits and nothing runs\n"
			   "      --help, --version\n"
			   "\n"
			   "SIGTERM drains; a second one ends the jobs and puts them back. SIGHUP rereads\n"
			   "configuration and languages.\n";

enum { SLOW_US = 5000000, BLIND_US = 50000, EXPIRY_US = 500000, GOING_MORE = 4, FINISHING_MORE = 64 };

/* Languages that were replaced. Jobs and boxes point into them: they stay. Changes are rare and small. */
struct retired {
	struct langs langs;
	char *published;
	struct retired *next;
};

static struct {
	struct retired *retired;
	const char *conf_path, *spool_path;
	char spool_real[PATH_MAX];
	int jobs; /* -j, 0 as configured */
	bool relaxed, once, log_json, log_text;
	struct loop loop;
	struct sync sync;
	struct pin pin;
	struct counters counters;
	struct docker docker;
	struct boxes boxes;
	struct image_ids images;
	struct limit_probes probes;
	struct self_test self_test;
	struct compilers compilers;
	struct pool pool;
	struct layer_builds layer_builds;
	struct run_parts run_parts;
	struct config config;
	struct spool spool;
	struct spool_runner runner;
	struct watch signals;
	struct timer slow, blind, expiry, claim_later;
	bool swept;	 /* no box of ours from before is left: jobs may begin */
	bool tested;	 /* the self-test is through */
	bool test_again; /* but there was no image to test with */
	bool claiming;	 /* claim_more is under way */
	int stopping;	 /* signals to stop so far */
	bool quit;
	char refusal[900]; /* why nothing may begin here, or "" */
	int refusal_status;
} g = { .signals = { .fd = -1 } };

static int jobs_at_once(void)
{
	return g.jobs ? g.jobs : g.config.conf.jobs;
}

/* ---- may another begin? ---------------------------------------------------------- */

/* NULL, or why no job can have a processor of its own. */
static const char *cannot_pin(const struct config *c)
{
	static char text[200];
	int jobs = g.jobs ? g.jobs : c->conf.jobs;

	if (!c->conf.pin || jobs <= pin_count(&g.pin))
		return NULL;
	snprintf(text, sizeof(text),
		 "pin = yes with %d jobs at once, but this runner may use %d processor%s: "
		 "set jobs (or -j) to that at most, or pin = no",
		 jobs, pin_count(&g.pin), pin_count(&g.pin) == 1 ? "" : "s");
	return text;
}

static void maybe_quit(void)
{
	if (run_count() || !(g.stopping || (g.once && g.tested && queue_length() == 0)))
		return;
	limit_probes_stop(&g.probes);
	pool_drain(&g.pool);
	compilers_drain(&g.compilers);
	layer_builds_drain(&g.layer_builds);
	if (!boxes_count(&g.boxes))
		g.quit = true;
}

/* A job with a verdict holds no place while its result goes to the disk, and a box on its way
 * out is the engine's work: both go on beside the next jobs, but not without end. */
static bool may_claim(void)
{
	return !g.claim_later.at && run_busy() < jobs_at_once() && run_count() < jobs_at_once() + FINISHING_MORE &&
	       boxes_going(&g.boxes) < jobs_at_once() + GOING_MORE;
}

static void claim_more(void)
{
	struct queued q = { .owner = "" };
	bool open = !g.stopping && g.swept && g.tested && engine_up(&g.docker.engine);

	if (g.claiming) /* a job that ended at once calls again: the loop goes on anyway */
		return;
	g.claiming = true;
	while (run_resume(jobs_at_once()))
		; /* they were claimed before */
	while (open && may_claim() && queue_next(&q)) {
		if (run_begin(&q) < 0) {
			log_event("spool", "trouble", strerror(errno), "owner", q.owner, "id", q.id, "remedy",
				  "claiming again in a second", NULL);
			loop_timer(&g.claim_later, mono_us() + 1000000);
		}
	}
	g.claiming = false;
	if (open && !g.once) {
		pool_refill(&g.pool, queue_length(), jobs_at_once() - run_busy());
		compilers_refill(&g.compilers);
	}
	maybe_quit();
}

static void claim_later(struct timer *t)
{
	(void)t;
	queue_scan(); /* what could not be begun is back in its directory */
}

/* What is ended before it began takes descriptors and the disk's time as well. A wish for which
 * there is no room now stays: the claim sees it, or the next scan. */
static bool may_end(void)
{
	return run_count() < jobs_at_once() + FINISHING_MORE;
}

static void cancel_wish(const char *owner, const char *id)
{
	struct queued q = { .owner = "" };
	struct spool_where w = { .state = STATE_CREATED };

	if (run_cancel(owner, id) || !may_end())
		return;
	if (queue_take(owner, id, &q)) {
		run_begin_cancelled(&q);
		return;
	}
	/* a wish without a job goes; one for another runner's job is that runner's */
	if ((spool_find(&g.spool, owner, id, &w, NULL) < 0 && errno == ENOENT) || (w.state == STATE_FINISHED))
		spool_cancel_clear(&g.spool, owner, id);
}

static void input_came(const char *owner, const char *name)
{
	struct queued q = { .owner = "" };
	enum spool_input_kind kind;
	char id[ID_LEN + 1];
	int sig;

	if (!spool_input_parse(name, id, &kind, &sig) || run_input(owner, id, kind, sig))
		return;
	if (kind == INPUT_SIGNAL && may_end() && queue_take(owner, id, &q))
		run_begin_cancelled(&q); /* another runner may have it: then the signal stays for that one */
	else if (spool_input_stale(&g.spool, owner, name))
		spool_input_clear(&g.spool, owner, id);
}

/* ---- boxes that others, or we before, left behind ---------------------------------- */

struct dead {
	char name[OWNER_MAX];
};

static int requeued(void *arg, const char *owner, const char *id, int priority, int attempts)
{
	(void)priority;
	log_event("adopt", "runner", arg, "owner", owner, "id", id, "attempt", log_number(attempts), NULL);
	return 0;
}

static void dead_swept(void *arg, int result)
{
	struct dead *d = arg;

	if (result == 0 && spool_adopt(&g.runner, d->name, requeued, d->name) < 0)
		log_event("adopt", "runner", d->name, "trouble", strerror(errno), NULL);
	free(d);
}

static int found_dead(void *arg, const char *name)
{
	struct dead *d = calloc(1, sizeof(*d));

	(void)arg;
	if (!d)
		return 0;
	snprintf(d->name, sizeof(d->name), "%s", name);
	boxes_sweep(&g.boxes, d->name, dead_swept, d);
	return 0;
}

static void self_test(void);
static void look_at_languages(void);

/* What cee-http, cee-stat and cee-doctor judge this runner by. */
static void beat(void)
{
	health_beat(&g.runner, engine_up(&g.docker.engine), engine_trouble(&g.docker.engine));
}

static void write_metrics(void)
{
	struct counters_boxes boxes[BOX_STATE_COUNT];
	struct counters_now now = { .queued = (int64_t)queue_length(),
				    .running = run_busy(),
				    .places = jobs_at_once(),
				    .engine_up = engine_up(&g.docker.engine),
				    .engine_errors = engine_errors(&g.docker.engine),
				    .boxes = boxes,
				    .nboxes = boxes_by_state(&g.boxes, boxes) };
	AUTO_BUF struct buf b = { 0 };
	uid_t http;
	bool served = g.spool.shared && *g.config.conf.http_user && conf_http_uid(&g.config.conf, &http, NULL) == 0;
	static bool failed;

	beat();
	if (counters_format(&g.counters, &b, g.runner.name, &now) == 0 &&
	    spool_metrics_write(&g.spool, g.runner.name, b.data, b.len, served ? &http : NULL) == 0) {
		failed = false;
		return;
	}
	if (!failed)
		log_event("metrics", "trouble", strerror(errno), NULL);
	failed = true;
}

static void slow(struct timer *t)
{
	if (engine_up(&g.docker.engine))
		spool_each_dead(&g.runner, found_dead, NULL);
	if (engine_up(&g.docker.engine) && g.swept && g.test_again)
		self_test();
	look_at_languages();
	queue_scan();
	write_metrics();
	loop_timer(t, mono_us() + SLOW_US);
}

/* A job whose start_within is over ends without a box, whatever else runs. */
static void expire(struct timer *t)
{
	struct queued q = { .owner = "" };

	queue_examine((size_t)g.config.conf.max_job);
	while (!g.stopping && queue_expired(now_us(), &q))
		run_begin(&q);
	loop_timer(t, mono_us() + EXPIRY_US);
}

static void look(struct timer *t)
{
	queue_scan();
	loop_timer(t, mono_us() + BLIND_US);
}

/* ---- the self-test: may this host run jobs, and does it allow cells? ---------------------- */

/* Nothing has begun yet, so ending with one sentence is better than failing every job. */
static void refuse(const struct finding *f)
{
	snprintf(g.refusal, sizeof(g.refusal), "%.500s; %.300s", f->what, f->remedy);
	g.refusal_status = f->conf ? EX_CONFIG : EX_UNAVAILABLE;
	g.stopping++;
	maybe_quit();
}

static void tested(void *arg, const struct finding *fatal, const char *cells, const char *reason)
{
	bool again = g.test_again;

	(void)arg;
	if (fatal) {
		refuse(fatal);
		return;
	}
	g.tested = true;
	g.test_again = strcmp(cells, "unknown") == 0;
	if (again && g.test_again)
		return;
	log_event("self-test", "cells", cells, "reason", reason, NULL);
	claim_more();
}

static void self_test(void)
{
	self_test_start(&g.self_test, &g.config);
}

/* ---- the engine comes and goes ----------------------------------------------------------- */

static void own_swept(void *arg, int result)
{
	(void)arg;
	if (result < 0)
		return; /* it went again; the next change begins anew */
	g.swept = true;
	spool_each_dead(&g.runner, found_dead, NULL);
	if (g.tested)
		claim_more();
	else
		self_test();
}

static void engine_changed(void *arg, bool up)
{
	struct finding f;

	(void)arg;
	beat();
	log_event("engine", "state", up ? "up" : "away", "api", up ? engine_api(&g.docker.engine) : NULL, "trouble",
		  up ? NULL : engine_trouble(&g.docker.engine), "remedy",
		  up				 ? NULL
		  : engine_old(&g.docker.engine) ? "upgrade the engine"
						 : "jobs are kept; start the engine, or set docker_host",
		  NULL);
	g.swept = false;
	pool_drain(&g.pool);
	compilers_drain(&g.compilers);
	layer_builds_drain(&g.layer_builds);
	if (engine_old(&g.docker.engine) && !g.tested) {
		finding_set(&f, FINDING_FAIL, "upgrade the engine", "the engine is too old: %s",
			    engine_trouble(&g.docker.engine));
		refuse(&f);
	}
	if (up) {
		image_ids_look(&g.images);
		boxes_sweep(&g.boxes, g.runner.name, own_swept, NULL);
	}
}

/* ---- signals ---------------------------------------------------------------------------------- */

static void publish_languages(void)
{
	if (spool_languages_write(&g.spool, g.config.published, strlen(g.config.published)) < 0)
		log_event("languages", "trouble", strerror(errno), NULL);
}

/* A language is added, changed or removed by its file alone. Called on the slow timer, and when a
 * job names a language that is not known: then its file may be a moment old. */
static void look_at_languages(void)
{
	struct retired *old = malloc(sizeof(*old));
	struct cee_err e = { "out of memory" };

	if (!config_languages_changed(&g.config)) {
		free(old);
		return;
	}
	if (old)
		*old = (struct retired){ g.config.langs, g.config.published, g.retired };
	if (!old || config_languages(&g.config, &e) < 0) {
		log_event("languages", "trouble", e.msg, "remedy", "the languages stay as they were read last", NULL);
		free(old);
		return;
	}
	g.retired = old;
	compilers_reconfigure(&g.compilers, &g.config);
	pool_reconfigure(&g.pool, &g.config);
	publish_languages();
	image_ids_look(&g.images);
	log_event("reload", "languages", log_number((long long)g.config.langs.n), NULL);
}

static void reload(void)
{
	/* Jobs under way point into the languages they began with: the old ones
	 * stay for the rest of this process's life. Reloads are rare and small. */
	struct config *old = malloc(sizeof(*old)), next = { 0 };
	struct cee_err e = { "out of memory" };
	const char *bad = !old || config_load(&next, g.conf_path, g.spool_path, &e) < 0 ? e.msg : cannot_pin(&next);

	if (bad) {
		log_event("reload", "trouble", bad, "remedy", "the old configuration stays", NULL);
		config_release(&next);
		free(old);
		return;
	}
	config_keep_told(&next, &g.config);
	*old = g.config;
	g.config = next;
	boxes_reconfigure(&g.boxes, &g.config);
	run_reconfigure(&g.config);
	layer_builds_reconfigure(&g.layer_builds, &g.config);
	compilers_reconfigure(&g.compilers, &g.config);
	pool_reconfigure(&g.pool, &g.config);
	publish_languages();
	image_ids_look(&g.images);
	log_event("reload", "languages", log_number((long long)g.config.langs.n), NULL);
	claim_more();
}

static void signal_ready(struct watch *w, uint32_t events)
{
	struct signalfd_siginfo s;

	(void)events;
	if (read(w->fd, &s, sizeof(s)) != sizeof(s))
		return;
	if (s.ssi_signo == SIGHUP) {
		reload();
		return;
	}
	g.stopping++;
	log_event("stop", "jobs", log_number(run_count()), "how",
		  g.stopping == 1 ? "draining; once more ends the jobs and puts them back" : "putting the jobs back",
		  NULL);
	if (g.stopping > 1)
		run_requeue_all();
	maybe_quit();
}

static int watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	g.signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	g.signals.ready = signal_ready;
	return g.signals.fd < 0 ? -1 : loop_watch(&g.loop, &g.signals, EPOLLIN);
}

/* ---- start ---------------------------------------------------------------------------------------- */

static void box_gone(void *arg)
{
	(void)arg;
	claim_more();
}

static void images_changed(void *arg)
{
	(void)arg;
	publish_languages();
}

static bool compiled_elsewhere(const void *arg, const struct lang *lang, const struct limits *limits)
{
	return compilers_suit(arg, lang, limits);
}

static void start(void)
{
	struct cee_err e;
	bool durable;

	pin_init(&g.pin);
	if (config_load(&g.config, g.conf_path, g.spool_path, &e) < 0)
		prog_die(EX_CONFIG, "%s", e.msg);
	if (cannot_pin(&g.config))
		prog_die(EX_CONFIG, "%s", cannot_pin(&g.config));
	durable = g.config.conf.durable && !g.relaxed;
	log_init(g.log_json || (g.config.conf.log_json && !g.log_text));
	if (access(g.config.conf.init, X_OK) < 0)
		prog_die(EX_CONFIG, "init = %s: %s; run make, or set init in cee.conf", g.config.conf.init,
			 strerror(errno));
	if (spool_open(&g.spool, g.config.conf.spool, SPOOL_CREATE, durable, &e) < 0)
		prog_die(EX_CONFIG, "%s", e.msg);
	if (g.spool.shared)
		umask(022); /* what its readers may see is theirs behind their gates (lib/share.c) */
	if (spool_runner_open(&g.runner, &g.spool, &e) < 0)
		prog_die(EX_CONFIG, "%s: %s; the spool must be this user's to write, or name another with -s",
			 g.config.conf.spool, e.msg);
	if (!realpath(g.config.conf.spool, g.spool_real))
		prog_die(EX_OSERR, "%s: %s", g.config.conf.spool, strerror(errno));
	if (loop_init(&g.loop) < 0 || watch_signals() < 0 || sync_init(&g.sync, &g.loop) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
	boxes_init(&g.boxes, &g.loop, &g.docker.engine, &g.config);
	boxes_label(&g.boxes, g.spool_real, g.runner.name);
	boxes_on_gone(&g.boxes, box_gone, NULL);
	image_ids_init(&g.images, &g.loop, &g.docker.engine, &g.config);
	image_ids_on_change(&g.images, images_changed, NULL);
	limit_probes_init(&g.probes, &g.boxes);
	self_test_init(&g.self_test, &g.boxes, &g.probes, tested, NULL);
	layer_builds_init(&g.layer_builds, &g.boxes, &g.images, &g.config);
	compilers_init(&g.compilers, &g.boxes, &g.config);
	pool_init(&g.pool, &g.boxes, &g.config, compiled_elsewhere, &g.compilers);
	counters_init(&g.counters);
	g.run_parts = (struct run_parts){ &g.loop,  &g.sync, &g.pin,	   &g.counters,
					  &g.boxes, &g.pool, &g.compilers, &g.layer_builds };
	run_init(&g.run_parts, &g.config, &g.runner, durable, claim_more, look_at_languages);
	publish_languages();
	share_init(&g.spool, &g.config.conf, &g.sync);
	if (queue_init(&g.loop, &g.spool, g.spool_real,
		       &(struct queue_ops){ .something_new = claim_more,
					    .cancel = cancel_wish,
					    .input = input_came,
					    .removal = share_removal,
					    .join = share_join },
		       share_most(), &e) < 0)
		prog_die(EX_OSERR, "%s", e.msg);
	if (docker_init(&g.docker, &g.loop,
			getenv("DOCKER_HOST") && *getenv("DOCKER_HOST") ? getenv("DOCKER_HOST")
									: g.config.conf.docker_host,
			engine_changed, NULL, &e) < 0)
		prog_die(EX_CONFIG, "%s", e.msg);
	timer_init(&g.claim_later, &g.loop, claim_later);
	timer_init(&g.slow, &g.loop, slow);
	log_event("start", "version", CEE_VERSION, "runner", g.runner.name, "spool", g.spool_real, "jobs",
		  log_number(jobs_at_once()), "durable", durable ? "yes" : "no", NULL);
	slow(&g.slow);
	timer_init(&g.expiry, &g.loop, expire);
	expire(&g.expiry);
	timer_init(&g.blind, &g.loop, look);
	if (queue_blind())
		look(&g.blind);
}

static void finish(void)
{
	log_event("end", "runner", g.runner.name, NULL);
	sync_release(&g.sync);
	pool_release(&g.pool);
	compilers_release(&g.compilers);
	layer_builds_release(&g.layer_builds);
	image_ids_release(&g.images);
	queue_release();
	boxes_release(&g.boxes);
	docker_release(&g.docker);
	spool_runner_release(&g.runner);
	spool_release(&g.spool);
	config_release(&g.config);
	close_ptr(&g.signals.fd);
	loop_release(&g.loop);
}

static void parse_options(int argc, char **argv)
{
	enum { OPT_LOG = 256, OPT_RELAXED, OPT_ONCE, OPT_HELP, OPT_VERSION };
	static const struct option opts[] = { { "spool", required_argument, NULL, 's' },
					      { "conf", required_argument, NULL, 'c' },
					      { "jobs", required_argument, NULL, 'j' },
					      { "log", required_argument, NULL, OPT_LOG },
					      { "relaxed", no_argument, NULL, OPT_RELAXED },
					      { "once", no_argument, NULL, OPT_ONCE },
					      { "help", no_argument, NULL, OPT_HELP },
					      { "version", no_argument, NULL, OPT_VERSION },
					      { 0 } };
	int o;

	while ((o = prog_getopt(argc, argv, "s:c:j:", opts)) != -1) {
		switch (o) {
		case 's':
			g.spool_path = optarg;
			break;
		case 'c':
			g.conf_path = optarg;
			break;
		case 'j':
			g.jobs = atoi(optarg);
			if (g.jobs < 1 || g.jobs > 1000)
				prog_usage("-j %s: want a number from 1 to 1000", optarg);
			break;
		case OPT_LOG:
			g.log_json = strcmp(optarg, "json") == 0;
			g.log_text = strcmp(optarg, "text") == 0;
			if (!g.log_json && !g.log_text)
				prog_usage("--log %s: want text or json", optarg);
			break;
		case OPT_RELAXED:
			g.relaxed = true;
			break;
		case OPT_ONCE:
			g.once = true;
			break;
		case OPT_HELP:
			prog_help(help);
		case OPT_VERSION:
			prog_version();
		default:
			prog_usage("unknown option");
		}
	}
	if (optind < argc)
		prog_usage("%s: takes no arguments", argv[optind]);
}

int main(int argc, char **argv)
{
	prog_init(argv[0]);
	parse_options(argc, argv);
	start();
	while (!g.quit)
		loop_once(&g.loop);
	finish();
	if (g.refusal[0])
		prog_die(g.refusal_status, "%s", g.refusal);
	return EXIT_SUCCESS;
}
