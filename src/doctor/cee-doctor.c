/* cee-doctor.c - cee-doctor(8): is this host fit to run jobs? One line each, with the remedy
 *
 * It speaks to the engine as the runner does and runs its limit probes (runner/host/limit_probe.c) in
 * boxes made as jobs' boxes are: what it says of limits was tried, not read. The judgements
 * are host.c's, which the runner asks at its start as well, and local.c's.
 *
 * A check asks for what it needs (need_…): the engine, a box. What could not be looked at
 * is a warning that says so; the cause has a failure of its own. Whatever is made here is removed,
 * after a signal too; where this process is killed, its box dies with its connection.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/text.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "doctor/host_checks.h"
#include "engine/docker.h"
#include "engine/engine.h"
#include "engine/engine_info.h"
#include "job/languages.h"
#include "runner/box/boxes.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"
#include "spool/health.h"
#include "spool/runners.h"
#include "spool/spool.h"
#include "spool/walk.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
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
#include <unistd.h>


enum { ENGINE_US = 6000000, LEAVE_US = 10000000, SECCOMP_MAX = 1 << 20, STATUS_INTERRUPTED = 130 };

static struct {
	const char *conf_path, *spool_path;
	bool json, quiet;
	struct loop loop;
	struct docker docker;
	struct boxes boxes;
	struct limit_probes probes;
	struct config config;
	struct cee_err conf_error, langs_error, seccomp_error; /* "" is fine */
	char spool_real[PATH_MAX], self[40];
	struct watch signals;
	int interrupted;
	bool failed;
	/* found out once, when first needed */
	bool engine_begun, engine_asked, engine_there;
	struct cee_err engine_error; /* of its address */
	bool info_asked, info_there;
	struct engine_info info;
	bool images_asked;
	bool *image_there; /* by language */
	const char *image; /* the first that is there */
	bool box_asked, box_there;
	struct limit_probe_end box; /* limit_probe_bounds, or why there is none */
} g = { .signals = { .fd = -1 } };

/* ---- what is said ------------------------------------------------------------------ */

static void say_json(const char *name, const struct finding *f)
{
	static const char *const words[] = { [FINDING_OK] = "ok", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail" };
	cJSON *o = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(o, "name", name);
	cJSON_AddStringToObject(o, "status", words[f->status]);
	cJSON_AddStringToObject(o, "what", f->what);
	if (f->remedy[0])
		cJSON_AddStringToObject(o, "remedy", f->remedy);
	text = cJSON_PrintUnformatted(o);
	puts(text ? text : "{}");
	free(text);
	cJSON_Delete(o);
}

static void say_text(const char *name, const struct finding *f)
{
	static const char
		*const words[] = { [FINDING_OK] = "ok  ", [FINDING_WARN] = "warn", [FINDING_FAIL] = "FAIL" },
		       *const colour[] = {
			       [FINDING_OK] = "\033[32m", [FINDING_WARN] = "\033[33m", [FINDING_FAIL] = "\033[1;31m"
		       };
	bool bright = prog_colour(STDOUT_FILENO);

	printf("%s%s%s %s: %s%s%s\n", bright ? colour[f->status] : "", words[f->status], bright ? "\033[0m" : "", name,
	       f->what, f->remedy[0] ? ": " : "", f->remedy);
}

static void say(const char *name, struct finding *f)
{
	if (g.interrupted)
		return;
	g.failed |= f->status == FINDING_FAIL;
	if (g.quiet && f->status != FINDING_FAIL)
		return;
	text_clean(f->what);
	text_clean(f->remedy);
	if (g.json)
		say_json(name, f);
	else
		say_text(name, f);
	if (fflush(stdout) != 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

/* ---- waiting ------------------------------------------------------------------------- */

static void on_signal(struct watch *w, uint32_t events)
{
	struct signalfd_siginfo s;

	(void)events;
	if (read(w->fd, &s, sizeof(s)) == sizeof(s) && g.interrupted++)
		_exit(STATUS_INTERRUPTED); /* the second: the box dies with this connection */
}

static void watch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	g.signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	g.signals.ready = on_signal;
	if (g.signals.fd < 0 || loop_watch(&g.loop, &g.signals, EPOLLIN) < 0)
		prog_die(EX_OSERR, "signals: %s", strerror(errno));
}

static void nothing(struct timer *t)
{
	(void)t;
}

/* Serves the loop until *flag, a signal, or the end of the time (0: none). */
static bool wait_for(const bool *flag, int64_t us)
{
	struct timer end;
	int64_t until = us ? mono_us() + us : INT64_MAX;

	timer_init(&end, &g.loop, nothing);
	if (us)
		loop_timer(&end, until);
	while (!*flag && !g.interrupted && mono_us() < until)
		loop_once(&g.loop);
	loop_timer(&end, 0);
	return *flag;
}

/* What ask keeps of an answer. */
struct answer {
	bool came;
	enum engine_result result;
	void (*take)(void *arg, const struct engine_answer *a); /* or NULL */
	void *arg;
};

static void answered(void *arg, const struct engine_answer *a)
{
	struct answer *to = arg;

	to->came = true;
	to->result = a->result;
	if (a->result == ENGINE_OK && to->take)
		to->take(to->arg, a);
}

/* take(arg, answer) is called with an answer that is ENGINE_OK. Gives a request up that a signal interrupts. */
static enum engine_result ask(const struct engine_request *r, void (*take)(void *, const struct engine_answer *),
			      void *arg)
{
	struct answer a = { .result = ENGINE_AWAY, .take = take, .arg = arg };
	struct engine_call *call = engine_ask(&g.docker.engine, r, answered, &a);

	if (call && !wait_for(&a.came, 0))
		engine_cancel(call);
	return a.result;
}

/* ---- what checks need ------------------------------------------------------------------ */

static bool unmet(struct finding *f, const char *what)
{
	finding_set(f, FINDING_WARN, "", "not looked at: %s", what);
	return false;
}

static void engine_changed(void *arg, bool up)
{
	(void)arg;
	(void)up;
	g.engine_asked = true;
}

static const char *engine_host(void)
{
	const char *host = getenv("DOCKER_HOST");

	return host && *host ? host : g.config.conf.docker_host;
}

static bool need_engine(struct finding *f)
{
	if (!g.engine_begun && !g.engine_error.msg[0]) {
		g.engine_begun =
			docker_init(&g.docker, &g.loop, engine_host(), engine_changed, NULL, &g.engine_error) == 0;
		if (g.engine_begun)
			wait_for(&g.engine_asked, ENGINE_US);
		g.engine_there = engine_up(&g.docker.engine);
	}
	return g.engine_there || unmet(f, "it needs the engine");
}

static void take_info(void *arg, const struct engine_answer *a)
{
	*(struct engine_info *)arg = *a->info;
}

static bool need_info(struct finding *f)
{
	if (!need_engine(f))
		return false;
	if (!g.info_asked) {
		g.info_asked = true;
		g.info_there = ask(&(struct engine_request){ .op = ENGINE_INFO }, take_info, &g.info) == ENGINE_OK;
	}
	return g.info_there || unmet(f, "the engine does not describe itself");
}

static void look_for_images(void)
{
	const struct langs *l = &g.config.langs;

	g.images_asked = true;
	g.image_there = calloc(l->n + 1, sizeof(*g.image_there));
	for (size_t i = 0; g.image_there && i < l->n && !g.interrupted; i++) {
		const struct engine_request r = { .op = ENGINE_IMAGE, .name = l->l[i].image };

		g.image_there[i] = ask(&r, NULL, NULL) == ENGINE_OK;
		if (g.image_there[i] && !g.image)
			g.image = l->l[i].image;
	}
}

static bool need_image(struct finding *f)
{
	if (!need_engine(f))
		return false;
	if (!g.images_asked)
		look_for_images();
	return g.image || unmet(f, "no language has its image");
}

struct probed {
	bool done;
	struct limit_probe_end end;
};

static void probe_ended(void *arg, const struct limit_probe_end *e)
{
	struct probed *f = arg;

	f->end = *e;
	f->done = true;
}

/* One limit probe, to its end. False: a signal came. */
static bool probe(const struct limit_probe *c, struct limit_probe_end *end)
{
	static struct probed f; /* a probe that a signal interrupts still points here */

	f.done = false;
	memset(end, 0, sizeof(*end));
	snprintf(end->reason, sizeof(end->reason), "out of memory");
	if (limit_probe_start(&g.probes, c, g.image, probe_ended, &f) < 0 || !wait_for(&f.done, 0))
		return !g.interrupted;
	*end = f.end;
	return true;
}

static bool box_worked(void)
{
	return g.box.ran || limit_probe_number(&g.box, "processes") >= 0;
}

/* limit_probe_bounds with cells, else without: as the runner's start does. */
static bool need_box(struct finding *f)
{
	static char said[sizeof(g.box.said)];

	if (!g.config.seccomp)
		return unmet(f, "it needs the seccomp profile");
	if (!need_image(f))
		return false;
	if (!g.box_asked) {
		g.box_asked = true;
		probe(&limit_probe_bounds, &g.box);
		if (!box_worked() && boxes_cells(&g.boxes) && !g.interrupted) {
			snprintf(said, sizeof(said), "%.199s", g.box.said[0] ? g.box.said : g.box.reason);
			boxes_set_cells(&g.boxes, false);
			probe(&limit_probe_bounds, &g.box);
			snprintf(g.box.said, sizeof(g.box.said), "%s", said);
		}
		g.box_there = box_worked();
	}
	return g.box_there || unmet(f, "no box comes up");
}

/* ---- the checks --------------------------------------------------------------------------- */

static void check_conf(struct finding *f)
{
	finding_set(f, FINDING_OK, "", "%s", g.config.conf.path ? g.config.conf.path : "no file: the built-in values");
}

static void check_engine(struct finding *f)
{
	struct finding none;

	if (need_info(&none))
		finding_set(f, FINDING_OK, "", "%s at %s, kernel %s", g.info.version, engine_host(), g.info.kernel);
	else if (g.engine_there)
		finding_set(f, FINDING_FAIL, "look at the engine's log", "%s: does not describe itself", engine_host());
	else if (engine_old(&g.docker.engine))
		finding_set(f, FINDING_OK, "", "answers at %s", engine_host());
	else if (!g.engine_begun)
		finding_set(f, FINDING_FAIL, "set docker_host in cee.conf, or DOCKER_HOST", "%s", g.engine_error.msg);
	else
		finding_set(f, FINDING_FAIL,
			    "start it, or set docker_host in cee.conf or DOCKER_HOST; its socket must be this user's "
			    "to open",
			    "nobody answers at %s: %s", engine_host(),
			    engine_trouble(&g.docker.engine)[0] ? engine_trouble(&g.docker.engine) : "within 6 s");
}

static void check_api(struct finding *f)
{
	if (need_engine(f))
		finding_set(f, FINDING_OK, "", "%s", engine_api(&g.docker.engine));
	else if (engine_old(&g.docker.engine))
		finding_set(f, FINDING_FAIL, "upgrade the engine", "%s", engine_trouble(&g.docker.engine));
}

static void check_cgroup(struct finding *f)
{
	if (need_info(f))
		host_cgroup(f, &g.info);
}

static void check_runtime(struct finding *f)
{
	if (need_info(f))
		host_runtime(f, &g.info, &g.config.conf);
}

static void check_seccomp(struct finding *f)
{
	cJSON *j = g.config.seccomp ? cJSON_Parse(g.config.seccomp) : NULL;
	struct finding none;

	if (!g.config.seccomp)
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee", "%s",
			    g.seccomp_error.msg);
	else if (!cJSON_IsObject(j))
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee",
			    "seccomp = %s: is no JSON object", g.config.conf.seccomp);
	else if (need_info(f) && !g.info.seccomp)
		finding_set(f, FINDING_FAIL, "an engine and a kernel with seccomp (CONFIG_SECCOMP_FILTER)",
			    "this engine has no seccomp: the profile would not hold");
	else if (need_box(&none))
		finding_set(f, FINDING_OK, "", "%s, accepted", g.config.conf.seccomp);
	else if (g.box_asked && strcasestr(g.box.reason, "seccomp"))
		finding_set(f, FINDING_FAIL, "set seccomp in cee.conf to etc/seccomp.json of cee", "seccomp = %s: %s",
			    g.config.conf.seccomp, g.box.reason);
	else if (g.engine_there)
		finding_set(f, FINDING_WARN, "", "%s: %s", g.config.conf.seccomp, none.what);
	cJSON_Delete(j);
}

static void check_apparmor(struct finding *f)
{
	const char *name = g.config.conf.apparmor;

	if (!need_info(f))
		return;
	if (name && name[0] && !g.info.apparmor)
		finding_set(f, FINDING_WARN, "unset apparmor in cee.conf",
			    "apparmor = %s: this engine has no AppArmor and ignores it", name);
	else
		finding_set(f, FINDING_OK, "", "%s",
			    !g.info.apparmor  ? "none here"
			    : name && name[0] ? name
					      : "the engine's own profile");
}

static void check_init(struct finding *f)
{
	const char *init = g.config.conf.init;
	struct finding none;

	if (access(init, X_OK) < 0)
		finding_set(f, FINDING_FAIL, "run make, or set init in cee.conf", "init = %s: %s", init,
			    strerror(errno));
	else if (need_box(&none))
		host_init(f, &g.config.conf, &g.box);
	else if (g.box_asked && strstr(g.box.reason, "cee-init"))
		finding_set(f, FINDING_FAIL, "set init in cee.conf to the cee-init of this version", "init = %s: %s",
			    init, g.box.reason);
	else
		finding_set(f, FINDING_WARN, "", "%s: %s", init, none.what);
}

static void check_box(struct finding *f)
{
	if (need_box(f))
		finding_set(f, FINDING_OK, "", "comes up, of %s", g.image);
	else if (g.box_asked)
		host_box(f, &g.config.conf, &g.box);
}

static void check_cells(struct finding *f)
{
	struct host_userns u;

	if (!need_box(f) && !g.config.conf.cells_never)
		return;
	host_userns_read(&u);
	host_cells(f, &g.config.conf, &u, g.box.cells, g.box.said);
}

static void check_tmpfs(struct finding *f)
{
	static const struct limit_probe c = { .what = "tmpfs" };
	struct limit_probe_end e;

	if (!need_box(f) || !probe(&c, &e))
		return;
	if (e.ran && e.why == WHY_EXITED && e.phase.exit_code == 0)
		finding_set(f, FINDING_OK, "", "/work, /tmp and /dev/shm are, of %lld MiB, and the rest is read-only",
			    (long long)limit_probe_number(&e, "/work") >> 10);
	else
		finding_set(f, FINDING_FAIL,
			    "a runtime that mounts tmpfs with a size and keeps the root read-only: runc, crun", "%s",
			    e.ran ? "a job can write where no tmpfs is" : e.reason);
}

/* One limit of limit.h; for two of them the engine's own bound as well. */
static void check_limit(struct finding *f, enum limit_id id)
{
	struct limit_probe_end e;
	char seen[200], hard[sizeof(f->what)] = "";

	if (!need_box(f))
		return;
	if (id == LIMIT_MEMORY || id == LIMIT_PROCESSES) {
		(id == LIMIT_MEMORY ? host_memory : host_processes)(f, &g.info, &g.box);
		if (f->status == FINDING_FAIL)
			return;
		snprintf(hard, sizeof(hard), "%.200s; ", f->what);
	}
	if (!probe(&limit_probe_of[id], &e))
		return;
	if (!e.ran)
		finding_set(f, FINDING_FAIL, "look at the engine's log", "its limit probe did not run: %s", e.reason);
	else if (limit_probe_held(id, &e, seen, sizeof(seen)))
		finding_set(f, FINDING_OK, "", "%s%s", hard, seen);
	else
		finding_set(f, FINDING_FAIL,
			    "run this host's jobs elsewhere and report it, with the output of cee-doctor --json",
			    "it does not hold: %s", seen);
}

static void check_spool(struct finding *f)
{
	local_spool(f, &g.config.conf);
}
static void check_room(struct finding *f)
{
	local_room(f, &g.config.conf);
}
static void check_uids(struct finding *f)
{
	local_uids(f, &g.config.conf);
}

static void check_languages(struct finding *f)
{
	if (g.langs_error.msg[0])
		finding_set(f, FINDING_FAIL, "correct that file", "%s", g.langs_error.msg);
	else if (!g.config.langs.n)
		finding_set(f, FINDING_FAIL, "set languages in cee.conf to etc/languages.d of cee",
			    "%s: holds no language", g.config.conf.languages);
	else
		finding_set(f, FINDING_OK, "", "%zu in %s", g.config.langs.n, g.config.conf.languages);
}

/* A line for each language: the only check that says more than one. */
static void check_images(struct finding *f)
{
	const struct langs *l = &g.config.langs;
	char name[100], remedy[200];

	if (!need_image(f) && !g.images_asked)
		return;
	f->what[0] = 0;
	for (size_t i = 0; i < l->n && g.image_there && !g.interrupted; i++) {
		struct finding one;

		snprintf(name, sizeof(name), "image %.80s", l->l[i].name);
		snprintf(remedy, sizeof(remedy), "cee-lang build %.80s", l->l[i].name);
		if (g.image_there[i])
			finding_set(&one, FINDING_OK, "", "%s", l->l[i].image);
		else /* a host need not have every language; it must have one */
			finding_set(&one, g.image ? FINDING_WARN : FINDING_FAIL, remedy, "%s is not there",
				    l->l[i].image);
		say(name, &one);
	}
}

static int count_owner(void *arg, const char *name)
{
	(void)name;
	++*(int64_t *)arg;
	return 0;
}

static void check_inotify(struct finding *f)
{
	struct spool s;
	int64_t owners = 0;

	if (spool_open(&s, g.config.conf.spool, 0, false, NULL) == 0) {
		spool_each_owner(&s, count_owner, &owners);
		spool_release(&s);
	}
	local_inotify(f, owners);
}

static void check_clock(struct finding *f)
{
	static const struct limit_probe c = { .what = "clock" };
	struct limit_probe_end e = { .ran = false };
	int64_t before = 0, after = 0, box = 0;

	if (need_box(f)) {
		before = now_us();
		probe(&c, &e);
		after = now_us();
		box = e.ran ? limit_probe_number(&e, "clock") : 0;
	}
	local_clock(f, box, before, after);
}

/* Boxes of this spool whose runner is not alive. Our own are gone by now. */
struct leftovers {
	struct spool *spool;
	int64_t n;
	char first[16];
};

static void take_leftovers(void *arg, const struct engine_answer *a)
{
	struct leftovers *l = arg;

	for (size_t i = 0; i < a->ncontainers; i++) {
		const struct engine_container *c = &a->containers[i];
		const char *runner = engine_label(c->labels, c->nlabels, "cee.runner");

		if (!*runner || strcmp(engine_label(c->labels, c->nlabels, "cee.spool"), g.spool_real) != 0 ||
		    spool_runner_lives(l->spool, runner) ||
		    strncmp(runner, "doctor-", 7) == 0) /* another one at work; its boxes die with it */
			continue;
		if (!l->n++)
			snprintf(l->first, sizeof(l->first), "%.12s", c->id);
	}
}

static void check_boxes(struct finding *f)
{
	static const struct engine_label label = { "cee.runner", NULL };
	const struct engine_request r = { .op = ENGINE_LIST, .labels = &label, .nlabels = 1 };
	struct spool s;
	struct leftovers l = { .spool = &s };
	enum engine_result listed;

	if (!need_engine(f))
		return;
	if (spool_open(&s, g.config.conf.spool, 0, false, NULL) < 0) {
		unmet(f, "it needs the spool");
		return;
	}
	listed = ask(&r, take_leftovers, &l);
	spool_release(&s);
	if (listed != ENGINE_OK)
		finding_set(f, FINDING_FAIL, "look at the engine's log", "the engine does not list its containers");
	else if (l.n > 0)
		finding_set(f, FINDING_WARN,
			    "start a cee-runner on this spool: it removes them and puts their jobs back",
			    "%lld of runners that died are left (%s%s)", (long long)l.n, l.first,
			    l.n > 1 ? ", ..." : "");
	else
		finding_set(f, FINDING_OK, "", "none is left of a runner that died");
}

static void check_runner(struct finding *f)
{
	struct health h;
	struct spool s;

	if (spool_open(&s, g.config.conf.spool, 0, false, NULL) < 0) {
		unmet(f, "it needs the spool");
		return;
	}
	health_look(&s, 0, &h);
	if (h.state == HEALTH_OK)
		finding_set(f, FINDING_OK, "", "%d alive on this spool", h.runners);
	else if (h.state == HEALTH_NO_RUNNER)
		finding_set(f, FINDING_WARN, "start cee-runner: until then jobs wait", "none is alive on this spool");
	else
		finding_set(f, FINDING_FAIL,
			    h.state == HEALTH_STALLED ? "let it go on (kill -CONT), or kill it and start another"
						      : "start the engine: the runner takes up its jobs by itself",
			    "%s: %s", health_text[h.state], h.detail);
	spool_release(&s);
}

#define L(id, name, unit, compile, run, ceiling, text)                                                                 \
	static void check_##id(struct finding *f)                                                                      \
	{                                                                                                              \
		check_limit(f, LIMIT_##id);                                                                            \
	}
LIMITS(L)
#undef L

static const struct check {
	const char *name;
	void (*go)(struct finding *f);
} checks[] = {
	{ "conf", check_conf },
	{ "engine", check_engine },
	{ "api", check_api },
	{ "cgroup", check_cgroup },
	{ "runtime", check_runtime },
	{ "apparmor", check_apparmor },
	{ "languages", check_languages },
	{ "images", check_images },
	{ "box", check_box },
	{ "init", check_init },
	{ "seccomp", check_seccomp },
	{ "cells", check_cells },
	{ "tmpfs", check_tmpfs },
#define L(id, name, unit, compile, run, ceiling, text) { name, check_##id },
	LIMITS(L)
#undef L
		{ "clock", check_clock },
	{ "spool", check_spool },
	{ "room", check_room },
	{ "uids", check_uids },
	{ "inotify", check_inotify },
	{ "boxes", check_boxes },
	{ "runner", check_runner },
};
enum { CHECKS = sizeof(checks) / sizeof(*checks) };

/* ---- start and end ------------------------------------------------------------------------ */

static const char help[] = "usage: cee-doctor [-q] [--json] [-s SPOOL] [-c CONF] [CHECK...]\n"
			   "Says whether this host is fit to run jobs: a line for each check, with the remedy.\n"
			   "\n"
			   "  -q, --quiet         only what fails\n"
			   "      --json          an object a line: name, status, what, remedy\n"
			   "      --list          the names of the checks\n"
			   "  -s, --spool DIR     the spool (CEE_SPOOL, else cee.conf's)\n"
			   "  -c, --conf FILE     the configuration (CEE_CONF, else etc/cee.conf)\n"
			   "  -h, --help, --version\n"
			   "\n"
			   "Limits are tried in real boxes, which are removed. With CHECK... only these.\n"
			   "Exit status: 0 nothing fails, 1 something does, 64 usage, 130 interrupted.\n";

static void load(void)
{
	struct conf *c = &g.config.conf;
	struct buf b = { 0 };
	struct finding f;

	if (conf_load(c, g.conf_path, g.spool_path, &g.conf_error) < 0) {
		finding_set(&f, FINDING_FAIL, "correct it: cee.conf(5)", "%s", g.conf_error.msg);
		say("conf", &f);
		exit(EXIT_FAILURE);
	}
	g.langs_error.msg[0] = 0;
	if (langs_load(&g.config.langs, c->languages, &g.langs_error) < 0)
		memset(&g.config.langs, 0, sizeof(g.config.langs));
	else
		g.langs_error.msg[0] = 0;
	if (read_file_at(AT_FDCWD, c->seccomp, SECCOMP_MAX, &b) < 0)
		cee_fail(&g.seccomp_error, errno, "seccomp = %s: %s", c->seccomp, strerror(errno));
	g.config.seccomp = b.data;
	if (!realpath(c->spool, g.spool_real))
		snprintf(g.spool_real, sizeof(g.spool_real), "%s", c->spool);
}

static bool chosen(const char *name, char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return n == 0;
}

static void names_check(char *const *names, int n)
{
	for (int i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < CHECKS; k++)
			known |= strcmp(checks[k].name, names[i]) == 0;
		if (!known)
			prog_usage("%s: no such check; cee-doctor --list has the names", names[i]);
	}
}

static void run_checks(char *const *names, int n)
{
	for (size_t i = 0; i < CHECKS && !g.interrupted; i++) {
		struct finding f = { .status = FINDING_OK };

		if (!chosen(checks[i].name, names, n))
			continue;
		checks[i].go(&f);
		if (f.what[0])
			say(checks[i].name, &f);
	}
}

/* Boxes that are still there are waited for, but not longer than anybody would. */
static void leave(void)
{
	int64_t until = mono_us() + LEAVE_US;
	struct timer end;

	timer_init(&end, &g.loop, nothing);
	limit_probes_stop(&g.probes);
	loop_timer(&end, until);
	while (boxes_count(&g.boxes) && g.interrupted < 2 && mono_us() < until)
		loop_once(&g.loop);
	loop_timer(&end, 0);
	if (g.engine_begun)
		docker_release(&g.docker);
	free(g.image_there);
	config_release(&g.config);
	close_ptr(&g.signals.fd);
}

static void list_names(void)
{
	for (size_t i = 0; i < CHECKS; i++)
		puts(checks[i].name);
	if (fflush(stdout) != 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
	exit(EXIT_SUCCESS);
}

static void parse_options(int argc, char **argv)
{
	enum { OPT_JSON = 256, OPT_LIST, OPT_VERSION };
	static const struct option opts[] = {
		{ "quiet", no_argument, NULL, 'q' },	       { "json", no_argument, NULL, OPT_JSON },
		{ "list", no_argument, NULL, OPT_LIST },       { "spool", required_argument, NULL, 's' },
		{ "conf", required_argument, NULL, 'c' },      { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION }, { 0 }
	};
	int o;

	while ((o = prog_getopt(argc, argv, "qs:c:h", opts)) != -1) {
		switch (o) {
		case 'q':
			g.quiet = true;
			break;
		case OPT_JSON:
			g.json = true;
			break;
		case OPT_LIST:
			list_names();
			break;
		case 's':
			g.spool_path = optarg;
			break;
		case 'c':
			g.conf_path = optarg;
			break;
		case 'h':
			prog_help(help);
		case OPT_VERSION:
			prog_version();
		default:
			prog_usage("not understood");
		}
	}
	names_check(argv + optind, argc - optind);
}

int main(int argc, char **argv)
{
	prog_init(argv[0]);
	parse_options(argc, argv);
	load();
	log_off();
	if (loop_init(&g.loop) < 0)
		prog_die(EX_OSERR, "%s", strerror(errno));
	watch_signals();
	snprintf(g.self, sizeof(g.self), "doctor-%ld-%llx", (long)getpid(), (unsigned long long)now_us());
	boxes_init(&g.boxes, &g.loop, &g.docker.engine, &g.config);
	boxes_label(&g.boxes, g.spool_real, g.self);
	limit_probes_init(&g.probes, &g.boxes);
	run_checks(argv + optind, argc - optind);
	leave();
	return g.interrupted ? STATUS_INTERRUPTED : g.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
