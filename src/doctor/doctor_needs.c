/* doctor_needs.c - what checks need: the engine, an image, a box; each found out once, when first needed
 *
 * A check that cannot be made gives a warning; its cause is reported as a failure by another check.
 */
#include "doctor/doctor_needs.h"
#include "base/clock.h"
#include "base/loop.h"
#include "cli/prog.h"
#include "doctor/doctor.h"
#include "engine/docker.h"
#include "engine/engine.h"
#include "engine/engine_info.h"
#include "job/languages.h"
#include "runner/box/boxes.h"
#include "runner/host/cells.h"
#include "runner/host/host.h"
#include "runner/host/limit_probe.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_signal(struct watch *w, uint32_t events)
{
	struct doctor *d = (struct doctor *)((char *)w - offsetof(struct doctor, signals));
	struct signalfd_siginfo s;

	(void)events;
	if (read(w->fd, &s, sizeof(s)) == sizeof(s) && d->interrupted++)
		_exit(STATUS_INTERRUPTED); /* the second: the box dies with this connection */
}

void watch_signals(struct doctor *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	d->signals.ready = on_signal;
	if (d->signals.fd < 0 || loop_watch(&d->loop, &d->signals, EPOLLIN) < 0)
		prog_die(EX_OSERR, "signals: %s", strerror(errno));
}

static void nothing(struct timer *t)
{
	(void)t;
}

/* Serves the loop until *flag, a signal, or the end of the time (0: none). */
bool wait_for(struct doctor *d, const bool *flag, int64_t us)
{
	struct timer end;
	int64_t until = us ? mono_us() + us : INT64_MAX;

	timer_init(&end, &d->loop, nothing);
	if (us)
		loop_timer(&end, until);
	while (!*flag && !d->interrupted && mono_us() < until)
		loop_once(&d->loop);
	loop_timer(&end, 0);
	return *flag;
}

void wait_for_boxes(struct doctor *d)
{
	int64_t until = mono_us() + LEAVE_US;
	struct timer end;

	timer_init(&end, &d->loop, nothing);
	loop_timer(&end, until);
	while ((boxes_count(&d->boxes) || d->boxes.gates) && d->interrupted < 2 && mono_us() < until)
		loop_once(&d->loop);
	loop_timer(&end, 0);
}

/* The answer that ask waits for. */
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

/* take(arg, answer) is called with an answer that is ENGINE_OK. A signal cancels the request. */
enum engine_result ask(struct doctor *d, const struct engine_request *r,
		       void (*take)(void *, const struct engine_answer *), void *arg)
{
	struct answer a = { .result = ENGINE_AWAY, .take = take, .arg = arg };
	struct engine_call *call = engine_ask(&d->docker.engine, r, answered, &a);

	if (call && !wait_for(d, &a.came, 0))
		engine_cancel(call);
	return a.result;
}

bool unmet(struct finding *f, const char *what)
{
	finding_set(f, FINDING_WARN, "", "not looked at: %s", what);
	return false;
}

static void engine_changed(void *arg, bool up)
{
	struct doctor *d = arg;

	(void)up;
	d->engine_asked = true;
}

const char *engine_host(const struct doctor *d)
{
	const char *host = getenv("DOCKER_HOST");

	return host && *host ? host : d->config.conf.docker_host;
}

bool need_engine(struct doctor *d, struct finding *f)
{
	if (!d->engine_begun && !d->engine_error.msg[0]) {
		d->engine_begun =
			docker_init(&d->docker, &d->loop, engine_host(d), engine_changed, d, &d->engine_error) == 0 &&
			docker_host_paths(&d->docker, d->config.conf.host_paths) == 0;
		if (d->engine_begun)
			wait_for(d, &d->engine_asked, ENGINE_US);
		d->engine_there = engine_up(&d->docker.engine);
	}
	return d->engine_there || unmet(f, "it needs the engine");
}

static void take_info(void *arg, const struct engine_answer *a)
{
	*(struct engine_info *)arg = *a->info;
}

bool need_info(struct doctor *d, struct finding *f)
{
	if (!need_engine(d, f))
		return false;
	if (!d->info_asked) {
		d->info_asked = true;
		d->info_there = ask(d, &(struct engine_request){ .op = ENGINE_INFO }, take_info, &d->info) == ENGINE_OK;
	}
	return d->info_there || unmet(f, "the engine gives no description of itself");
}

static void look_for_images(struct doctor *d)
{
	const struct langs *l = &d->config.langs;

	d->images_asked = true;
	d->image_there = calloc(l->n + 1, sizeof(*d->image_there));
	for (size_t i = 0; d->image_there && i < l->n && !d->interrupted; i++) {
		const struct engine_request r = { .op = ENGINE_IMAGE, .name = l->l[i].image };

		d->image_there[i] = ask(d, &r, NULL, NULL) == ENGINE_OK;
		if (d->image_there[i] && !d->image)
			d->image = l->l[i].image;
	}
}

bool need_image(struct doctor *d, struct finding *f)
{
	if (!need_engine(d, f))
		return false;
	if (!d->images_asked)
		look_for_images(d);
	return d->image || unmet(f, "no language has its image");
}

static void probe_ended(void *arg, const struct limit_probe_end *e)
{
	struct probed *f = arg;

	f->end = *e;
	f->done = true;
}

/* One limit probe, to its end. False: a signal came. */
bool probe(struct doctor *d, const struct limit_probe *c, struct limit_probe_end *end)
{
	struct probed *f = &d->probed; /* an interrupted probe still points to it */

	f->done = false;
	memset(end, 0, sizeof(*end));
	snprintf(end->reason, sizeof(end->reason), "out of memory");
	if (limit_probe_start(&d->probes, c, d->image, probe_ended, f) < 0 || !wait_for(d, &f->done, 0))
		return !d->interrupted;
	*end = f->end;
	return true;
}

static bool box_worked(const struct doctor *d)
{
	return d->box.ran || limit_probe_number(&d->box, "processes") >= 0;
}

/* limit_probe_bounds with cells, else without: as the runner's start does. */
bool need_box(struct doctor *d, struct finding *f)
{
	char said[sizeof(d->box.said)];

	if (!d->config.seccomp)
		return unmet(f, "it needs the seccomp profile");
	if (!need_image(d, f))
		return false;
	if (!d->box_asked) {
		d->box_asked = true;
		if (need_info(d, f)) {
			boxes_set_runtime(&d->boxes, host_runtime_name(&d->config.conf, &d->info));
			boxes_set_apparmor(&d->boxes, cells_profile(&d->config.conf, &d->info));
		}
		probe(d, &limit_probe_bounds, &d->box);
		if (!box_worked(d) && cells_profile_missing(d->boxes.apparmor, &d->box) && !d->interrupted &&
		    conf_auto(d->config.conf.apparmor)) {
			boxes_set_apparmor(&d->boxes, NULL);
			probe(d, &limit_probe_bounds, &d->box);
		}
		if (!box_worked(d) && boxes_cells(&d->boxes) && !d->interrupted) {
			snprintf(said, sizeof(said), "%.199s", d->box.said[0] ? d->box.said : d->box.reason);
			boxes_set_cells(&d->boxes, false);
			probe(d, &limit_probe_bounds, &d->box);
			snprintf(d->box.said, sizeof(d->box.said), "%s", said);
		}
		d->box_there = box_worked(d);
	}
	return d->box_there || unmet(f, "no box comes up");
}
