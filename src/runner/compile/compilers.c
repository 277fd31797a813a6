/* compilers.c - which compile boxes there are, and which compile goes to which of them
 *
 * Each language with a resident compiler has a pool of compile boxes (compiler.c is one of them). A compile gets an
 * idle box of its owner, or one without an owner. If there is none, the compile waits only if a box is about to be
 * free, and no longer than a compiler's cold start takes, because compiling in the job's own box is always possible.
 *
 * Boxes without an owner are made ahead, up to the language's resident.min, one at a time and while the machine is
 * quiet. When a language has resident.max boxes, the idle box that was unused for the longest time is removed.
 */
#include "runner/compile/compilers.h"
#include "base/limit.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/docker.h"
#include "job/language.h"
#include "job/languages.h"
#include "runner/box/box.h"
#include "runner/compile/compile.h"
#include "runner/compile/compiler.h"
#include "runner/core/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	OWN_MEMORY = 192 << 20,	 /* of a resident compiler before its first compile */
	WANTED_US = 300000000,	 /* resident = auto: boxes are made ahead for this long after the last compile */
	HELD_US = 5000000,	 /* an owner's idle box is not removed for another owner's job before this time */
	PATIENCE_US = 700000,	 /* about the time of compiling in the job's own box */
	PACE_US = 1000000,	 /* the machine must be quiet this long before a box is made ahead */
	PACE_MOST_US = 15000000, /* ... or a box must have been wanted this long */
	BACKOFF_LEAST = 2000000,
	BACKOFF_MOST = 300000000
};

/* A language's compile boxes. */
struct compiler_pool {
	const struct lang *lang;
	struct limits limits;	/* of its boxes */
	int64_t asked;		/* time of the loop: the last compile; 0 never */
	int64_t wanted;		/* since when another box is wanted ahead; 0: none is wanted */
	int64_t again, backoff; /* after a failed start: the earliest next try, and the delay after the next failure */
	int64_t start_us;	/* duration of the last start */
};

/* The pools of one configuration. Busy boxes point into their pools, so old pools are kept. */
struct compiler_pools {
	struct compiler_pools *older;
	size_t n;
	struct compiler_pool pool[];
};

static int64_t time_now(const struct compilers *cs)
{
	return loop_now(cs->host.boxes->loop);
}

static void refill_later(struct compilers *cs)
{
	if (!cs->look_ahead.at)
		loop_after(&cs->look_ahead, 1);
}

/* ---- pools ------------------------------------------------------------------------------ */

static void box_limits(struct limits *l, const struct lang *lang, const struct conf *c)
{
	*l = lang->resident.limits;
	limits_default(l, &lang->limits[PHASE_COMPILE]);
	limits_default(l, &c->dflt[PHASE_COMPILE]);
	limits_cap(l, &c->max[PHASE_COMPILE]);
	l->v[LIMIT_CPU] = l->v[LIMIT_WALL] = l->v[LIMIT_OUTPUT] = -1; /* each compile has its own limit */
	l->v[LIMIT_DISK] = COMPILER_DISK;
	l->v[LIMIT_INODES] = COMPILER_INODES;
	l->v[LIMIT_MEMORY] += OWN_MEMORY;
}

static void pools_make(struct compilers *cs)
{
	const struct langs *langs = &cs->config->langs;
	struct compiler_pools *ps = calloc(1, sizeof(*ps) + langs->n * sizeof(ps->pool[0]));

	if (!ps) /* the old pools fit no language now, so every job compiles in its own box */
		return;
	ps->older = cs->pools;
	cs->pools = ps;
	for (size_t i = 0; i < langs->n; i++) {
		if (!langs->l[i].resident.ncommand)
			continue;
		ps->pool[ps->n].lang = &langs->l[i];
		ps->pool[ps->n].start_us = 2 * PATIENCE_US;
		box_limits(&ps->pool[ps->n++].limits, &langs->l[i], &cs->config->conf);
	}
}

static struct compiler_pool *pool_of(const struct compilers *cs, const struct lang *lang)
{
	for (size_t i = 0; cs->pools && i < cs->pools->n; i++)
		if (cs->pools->pool[i].lang == lang)
			return &cs->pools->pool[i];
	return NULL;
}

bool compilers_suit(const struct compilers *cs, const struct lang *lang, const struct limits *limits)
{
	struct compiler_pool *p = pool_of(cs, lang);

	return p && lang->resident.max > 0 && cs->config->conf.resident != RESIDENT_NEVER &&
	       limits->v[LIMIT_MEMORY] == p->limits.v[LIMIT_MEMORY] - OWN_MEMORY;
}

/* The number of boxes of the pool, or only of those without an owner that are not busy. */
static int count(const struct compilers *cs, const struct compiler_pool *p, bool unowned)
{
	int n = 0;

	for (const struct compiler *k = cs->first; k; k = k->next)
		n += k->pool == p && (!unowned || (!k->owner[0] && k->state != COMPILER_BUSY));
	return n;
}

/* ---- starting one --------------------------------------------------------------------------- */

static void start_one(struct compilers *cs, struct compiler_pool *p)
{
	const int64_t *limit = p->limits.v;
	struct box_spec spec = { .image = p->lang->image,
				 .memory = box_memory(&cs->config->conf, &p->limits),
				 .disk = COMPILER_DISK,
				 .inodes = COMPILER_INODES,
				 .processes = limit[LIMIT_PROCESSES],
				 .open_files = limit[LIMIT_OPEN_FILES] < 256 ? 256 : limit[LIMIT_OPEN_FILES] };
	struct compiler *k = compiler_new(&cs->host, p->lang, &p->limits, &spec);

	if (!k)
		return;
	k->pool = p;
	k->next = cs->first;
	cs->first = k;
	p->wanted = 0;
}

/* Removes an idle box that its owner has not used for a while, to make room for another owner's. */
static bool make_room(struct compilers *cs, struct compiler_pool *p)
{
	struct compiler *oldest = NULL;

	if (count(cs, p, false) < p->lang->resident.max)
		return true;
	for (struct compiler *k = cs->first; k; k = k->next)
		if (k->pool == p && k->state == COMPILER_IDLE && k->owner[0] && time_now(cs) - k->since > HELD_US &&
		    (!oldest || k->since < oldest->since))
			oldest = k;
	if (oldest)
		compiler_end(oldest, "evicted to make room for another owner");
	return oldest;
}

static void start_wanted(struct compilers *cs, struct compiler_pool *p)
{
	if (!cs->draining && engine_up(cs->host.boxes->engine) && time_now(cs) >= p->again && make_room(cs, p))
		start_one(cs, p);
}

/* ---- making ahead ------------------------------------------------------------------------------- */

static bool kept_ahead(const struct compilers *cs, const struct compiler_pool *p)
{
	enum resident_when when = cs->config->conf.resident;

	return when == RESIDENT_AHEAD || (when == RESIDENT_AUTO && p->asked && time_now(cs) - p->asked < WANTED_US);
}

static bool any_busy(const struct compilers *cs)
{
	for (const struct compiler *k = cs->first; k; k = k->next)
		if (k->state != COMPILER_IDLE || time_now(cs) - k->since < PACE_US)
			return true;
	return false;
}

/* True while the pool wants another box. */
static bool look_at_pool(struct compilers *cs, struct compiler_pool *p)
{
	int64_t now = time_now(cs);
	bool quiet;

	if (!kept_ahead(cs, p) || count(cs, p, true) >= p->lang->resident.min ||
	    count(cs, p, false) >= p->lang->resident.max) {
		p->wanted = 0;
		return false;
	}
	if (!p->wanted)
		p->wanted = now;
	quiet = !any_busy(cs) && (!p->asked || now - p->asked > PACE_US);
	if (quiet || now - p->wanted > PACE_MOST_US)
		start_wanted(cs, p);
	return true;
}

/* Makes at most one box at a time, and only while the machine is quiet, because a start costs a second of cpu. */
static void look_ahead(struct timer *t)
{
	struct compilers *cs = (struct compilers *)((char *)t - offsetof(struct compilers, look_ahead));
	bool again = false;

	for (size_t i = 0; cs->pools && i < cs->pools->n && !cs->draining; i++)
		again |= look_at_pool(cs, &cs->pools->pool[i]);
	if (again)
		loop_after(t, PACE_US / 2);
}

void compilers_refill(struct compilers *cs)
{
	cs->draining = false;
	refill_later(cs);
}

/* ---- waiting compiles ------------------------------------------------------------------------------ */

static bool is_owners(const struct compiler *k, const struct compile_request *r)
{
	return r->shares && strcmp(k->owner, r->owner) == 0;
}

static struct compiler *idle_for(const struct compilers *cs, const struct compile_request *r)
{
	struct compiler_pool *p = pool_of(cs, r->lang);
	struct compiler *unowned = NULL;

	for (struct compiler *k = cs->first; k; k = k->next) {
		if (k->pool != p || k->state != COMPILER_IDLE || k->last)
			continue;
		if (!k->owner[0])
			unowned = k;
		else if (is_owners(k, r))
			return k;
	}
	return unowned;
}

/* Will a box be free before the job's own box would finish the compile? */
static bool worth_waiting(const struct compilers *cs, const struct compile_request *r)
{
	struct compiler_pool *p = pool_of(cs, r->lang);
	int64_t now = time_now(cs);

	for (const struct compiler *k = cs->first; k; k = k->next) {
		if (k->pool != p || k->last)
			continue;
		if (k->state == COMPILER_BUSY && is_owners(k, r))
			return true;
		/* analyzer: k has a pool, and it is p */
		if (k->state < COMPILER_IDLE && k->box->born + p->start_us - now < PATIENCE_US)
			return true;
	}
	return false;
}

static void waiting_remove(struct compilers *cs, struct compile *c)
{
	for (struct compile **p = &cs->waiting; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			return;
		}
}

static void waiting_add(struct compilers *cs, struct compile *c)
{
	struct compile **p = &cs->waiting;

	while (*p)
		p = &(*p)->next;
	*p = c;
	c->patience = time_now(cs) + PATIENCE_US;
	if (!cs->patience.at)
		loop_timer(&cs->patience, c->patience);
}

static void patience_over(struct timer *t)
{
	struct compilers *cs = (struct compilers *)((char *)t - offsetof(struct compilers, patience));
	struct compile *c = cs->waiting;

	if (c && c->patience <= time_now(cs)) {
		waiting_remove(cs, c);
		compile_answer(c, NULL);
	}
	if (cs->waiting)
		loop_timer(t, cs->waiting->patience > time_now(cs) ? cs->waiting->patience : time_now(cs) + 1);
}

static void serve(struct compilers *cs, struct compiler *k, struct compile *c)
{
	compiler_serve(k, c);
	refill_later(cs);
}

/* ---- from compile boxes --------------------------------------------------------------------------------- */

static void compiler_warm(void *arg, struct compiler *k, int64_t took_us)
{
	struct compiler_pool *p = k->pool;

	(void)arg;
	p->backoff = 0;
	p->start_us = took_us;
}

static void compiler_idle(void *arg, struct compiler *k)
{
	struct compilers *cs = arg;

	for (struct compile *c = cs->waiting; c; c = c->next)
		if (idle_for(cs, &c->request) == k) {
			waiting_remove(cs, c);
			serve(cs, k, c);
			return;
		}
}

static void compiler_gone(void *arg, struct compiler *k, enum compiler_end how)
{
	struct compilers *cs = arg;
	struct compiler_pool *p = k->pool;
	struct compiler **at = &cs->first;

	while (*at && *at != k)
		at = &(*at)->next;
	if (*at)
		*at = k->next;
	if (p && (how == COMPILER_NOT_UP || how == COMPILER_NO_IMAGE)) {
		p->backoff = how == COMPILER_NO_IMAGE ? BACKOFF_MOST : p->backoff ? p->backoff * 2 : BACKOFF_LEAST;
		if (p->backoff > BACKOFF_MOST)
			p->backoff = BACKOFF_MOST;
		p->again = time_now(cs) + p->backoff;
	}
	refill_later(cs);
}

/* ---- from outside ------------------------------------------------------------------------------------------ */

struct compile *compilers_compile(struct compilers *cs, const struct compile_request *request)
{
	struct compiler_pool *p = pool_of(cs, request->lang);
	struct compiler *k = idle_for(cs, request);
	struct compile *c = NULL;

	if (!p)
		return NULL;
	p->asked = time_now(cs);
	if (k || worth_waiting(cs, request))
		c = compile_new(cs->host.boxes->loop, request);
	if (c && k)
		serve(cs, k, c);
	else if (c)
		waiting_add(cs, c);
	else if (!k && count(cs, p, true) == 0)
		start_wanted(cs, p);
	return c;
}

void compilers_forget(struct compilers *cs, struct compile *c)
{
	if (!c)
		return;
	waiting_remove(cs, c);
	if (c->compiler)
		compiler_abandon(c->compiler, "its job was ended");
	compile_release(c);
}

void compilers_drain(struct compilers *cs)
{
	cs->draining = true;
	while (cs->first)
		compiler_end(cs->first, "the runner or the engine is going down");
	while (cs->waiting) {
		struct compile *c = cs->waiting;

		waiting_remove(cs, c);
		compile_answer(c, NULL);
	}
	loop_timer(&cs->look_ahead, 0);
	loop_timer(&cs->patience, 0);
}

void compilers_reconfigure(struct compilers *cs, const struct config *c)
{
	cs->config = c;
	for (struct compiler *k = cs->first, *next; k; k = next) {
		next = k->next;
		k->last = true;
		if (k->state != COMPILER_BUSY)
			compiler_end(k, "the configuration changed");
	}
	pools_make(cs);
	refill_later(cs);
}

void compilers_init(struct compilers *cs, struct boxes *boxes, const struct config *c)
{
	*cs = (struct compilers){ .host = { .boxes = boxes,
					    .warm = compiler_warm,
					    .idle = compiler_idle,
					    .gone = compiler_gone,
					    .arg = cs },
				  .config = c };
	timer_init(&cs->look_ahead, boxes->loop, look_ahead);
	timer_init(&cs->patience, boxes->loop, patience_over);
	pools_make(cs);
}

void compilers_release(struct compilers *cs)
{
	compilers_drain(cs);
	while (cs->pools) {
		struct compiler_pools *ps = cs->pools;

		cs->pools = ps->older;
		free(ps);
	}
}
