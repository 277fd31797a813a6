/* cleaner.c - the thread that removes expired jobs and idle owners (cleaner.h) */
#include "runner/core/cleaner.h"
#include "base/clock.h"
#include "runner/core/log.h"
#include "spool/kept.h"
#include "spool/retention.h"
#include "spool/spool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* After each piece of work it rests four times as long; between two passes fifty times as long as one took. */
enum { PASS_US = 60000000, PIECE_US = 2000, REST = 4, REST_MOST_US = 1000000, PASSES = 50 };

/* Sleeps, and ends early when the thread has to stop: false. */
static bool rest(struct cleaner *c, int64_t us)
{
	int64_t until = mono_us() + us;
	const struct timespec t = { .tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000 };
	bool stopping;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping && mono_us() < until)
		pthread_cond_timedwait(&c->wake, &c->lock, &t);
	stopping = c->stopping;
	pthread_mutex_unlock(&c->lock);
	return !stopping;
}

struct work {
	struct cleaner *c;
	int64_t since; /* of this piece of work */
	long owners;   /* removed */
};

static bool pause_work(void *arg)
{
	struct work *w = arg;
	int64_t took = mono_us() - w->since;
	bool going;

	if (took < PIECE_US)
		return true;
	going = rest(w->c, took * REST < REST_MOST_US ? took * REST : REST_MOST_US);
	w->since = mono_us();
	return going;
}

static void removed(void *arg, const char *owner, const char *what, const char *name)
{
	struct work *w = arg;

	(void)owner, (void)name;
	w->owners += strcmp(what, "owner") == 0;
}

static void failed(void *arg, const char *text)
{
	struct work *w = arg;

	pthread_mutex_lock(&w->c->lock);
	snprintf(w->c->trouble, sizeof w->c->trouble, "%s", text);
	pthread_mutex_unlock(&w->c->lock);
}

static void report(struct cleaner *c, const struct work *w, const struct retention *r)
{
	pthread_mutex_lock(&c->lock);
	if (!r->stopped)
		c->total = r->total;
	c->removed += r->removed;
	c->removed_bytes += r->removed_bytes;
	c->owners += w->owners;
	pthread_mutex_unlock(&c->lock);
}

/* Returns how long it took. */
static int64_t pass(struct cleaner *c, struct work *w)
{
	struct retention_rules rules;
	int64_t begin = mono_us();

	pthread_mutex_lock(&c->lock);
	rules = c->rules;
	pthread_mutex_unlock(&c->lock);
	retention_rules(&c->retention, &rules);
	w->since = begin;
	w->owners = 0;
	if (retention_pass(&c->retention) < 0)
		failed(w, strerror(errno));
	report(c, w, &c->retention);
	return mono_us() - begin;
}

static void *clean(void *arg)
{
	struct cleaner *c = arg;
	struct work w = { .c = c };
	const struct retention_ops ops = { .pause = pause_work, .removed = removed, .failed = failed, .arg = &w };
	int64_t took = 0;
	int lock = -1;

	retention_init(&c->retention, &c->spool, &c->rules, &ops);
	do {
		if (lock < 0)
			lock = retention_lock(&c->spool);
		if (lock >= 0)
			took = pass(c, &w) / (REST + 1);
	} while (rest(c, took * PASSES > PASS_US ? took * PASSES : PASS_US));
	retention_release(&c->retention);
	retention_unlock(&c->spool, lock);
	return NULL;
}

int cleaner_init(struct cleaner *c, const struct spool *s, const struct retention_rules *rules)
{
	pthread_condattr_t monotonic;
	sigset_t all, old;
	int err;

	*c = (struct cleaner){
		.spool = *s, .lock = PTHREAD_MUTEX_INITIALIZER, .rules = *rules, .total = { .bytes = -1, .jobs = -1 }
	};
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->thread, NULL, clean, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->started = err == 0;
	errno = err;
	return err ? -1 : 0;
}

void cleaner_tick(struct cleaner *c, const struct retention_rules *rules, struct kept *kept)
{
	char trouble[sizeof c->trouble];
	long removed_jobs, owners;
	int64_t bytes;

	pthread_mutex_lock(&c->lock);
	c->rules = *rules;
	*kept = c->total;
	removed_jobs = c->removed;
	owners = c->owners;
	bytes = c->removed_bytes;
	snprintf(trouble, sizeof trouble, "%s", c->trouble);
	c->removed = c->owners = 0;
	c->removed_bytes = 0;
	*c->trouble = '\0';
	pthread_mutex_unlock(&c->lock);
	if (removed_jobs)
		log_event("retention", "removed", log_number(removed_jobs), "bytes", log_number(bytes), NULL);
	if (owners)
		log_event("retention", "owners", log_number(owners), NULL);
	if (*trouble)
		log_event("retention", "trouble", trouble, NULL);
}

void cleaner_release(struct cleaner *c)
{
	if (!c->started)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	c->started = false;
	pthread_cond_destroy(&c->wake);
}
