/* pool.c - boxes that wait for a job
 *
 *     made ahead → AHEAD → IN_USE ⇄ KEPT         (each → removed)
 *     made for a job ────────┘
 *
 *     IN_USE   used by a job or another module: the pool ignores it
 *     AHEAD    has no owner yet; removed after box_age
 *     KEPT     waits for its owner's next job; removed after box_idle
 *
 * Both times count from when the box is ready: an engine that takes longer than that to make a box would otherwise make
 * and remove boxes without end.
 *
 * A box that is made ahead (warm) has no owner until its first job, whose owner it keeps. That owner's jobs run in it
 * one after another, each in a cell, until it has served box_jobs of them or was idle for too long. It never
 * passes from one owner to another. Without cells, with share = none and for anonymous owners a box serves one job.
 *
 * Boxes made ahead are identified by shape: image and sizes. Each language has the shape of its default limits; a job
 * of another size gets a cold box. More boxes than a language's minimum are made only while a shape is in demand: jobs
 * wait, and a job that uses its box only once has just taken one. So the engine makes the next boxes while the last
 * jobs run.
 */
#include "runner/pool/pool.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/state_step.h"
#include "conf/conf.h"
#include "engine/docker.h"
#include "job/language.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COMING_MAX = 6,	     /* boxes that the engine makes at the same time: more would not be faster */
	DEMAND_US = 2000000, /* how long a shape is in demand after a job that uses its box only once has taken one */
	PACE_US = 150000,    /* least time from a job's begin, or a box made ahead, to the next box without demand */
	BACKOFF_LEAST = 1000000,
	BACKOFF_MOST = 60000000
};

/* The boxes made ahead for one language. */
struct pool_entry {
	const struct lang *lang;
	struct box_spec spec;
	int64_t used_up;	/* loop_now when a box of this shape was last taken by a job that uses it only once */
	int64_t again, backoff; /* after a box failed: loop_now of the next try, and the delay after the next failure */
};

static void refill_now(struct pool *p);

/* ---- shapes ------------------------------------------------------------------ */

void pool_spec(const struct pool *p, struct box_spec *spec, const struct lang *lang,
	       const struct limits limits[PHASE_COUNT], bool compiles)
{
	const struct limits *run = &limits[PHASE_RUN], *compile = &limits[PHASE_COMPILE];
	struct limits l = *run;

	for (int i = 0; i < LIMIT_COUNT; i++)
		if (compiles && lang->ncompile && compile->v[i] > l.v[i])
			l.v[i] = compile->v[i];
	l.v[LIMIT_DISK] = run->v[LIMIT_DISK];
	*spec = (struct box_spec){ .image = lang->image,
				   .memory = box_memory(&p->config->conf, &l),
				   .disk = run->v[LIMIT_DISK],
				   .inodes = run->v[LIMIT_INODES],
				   .processes = l.v[LIMIT_PROCESSES],
				   .job_cgroup = true,
				   .open_files = l.v[LIMIT_OPEN_FILES] < 256 ? 256 : l.v[LIMIT_OPEN_FILES] };
}

static bool fits(const struct pool *p, const struct box_spec *a, const struct box_spec *b)
{
	return a->memory == b->memory && a->processes == b->processes && a->open_files == b->open_files &&
	       /* with cells each job gets its disk with its cell */
	       (boxes_cells(p->boxes) || (a->disk == b->disk && a->inodes == b->inodes)) &&
	       strcmp(a->image, b->image) == 0;
}

static void default_spec(const struct pool *p, struct box_spec *spec, const struct lang *lang)
{
	struct limits l[PHASE_COUNT];
	bool elsewhere;

	for (int i = 0; i < PHASE_COUNT; i++) {
		l[i] = lang->limits[i];
		limits_default(&l[i], &p->config->conf.dflt[i]);
		limits_cap(&l[i], &p->config->conf.max[i]);
	}
	elsewhere = p->elsewhere && p->elsewhere(p->arg, lang, &l[PHASE_COMPILE]);
	pool_spec(p, spec, lang, l, !elsewhere);
}

bool pool_shares(const struct pool *p, const char *owner)
{
	return !p->config->conf.share_none && boxes_cells(p->boxes) && strcmp(owner, "anon") != 0;
}

static struct pool_entry *entry_of(const struct pool *p, const struct box_spec *spec)
{
	for (size_t i = 0; i < p->nentries; i++)
		if (fits(p, &p->entries[i].spec, spec))
			return &p->entries[i];
	return NULL;
}

/* ---- states ------------------------------------------------------------------------- */

#define TO(s) (1u << BOX_##s)
static const struct {
	const char *name;
	unsigned next; /* the states that may follow */
} states[] = {
	[BOX_IN_USE] = { "in use", TO(AHEAD) | TO(KEPT) },
	[BOX_AHEAD] = { "ahead", TO(IN_USE) },
	[BOX_KEPT] = { "kept", TO(IN_USE) },
};
#undef TO

/* Starts the timer of the box's idle state, or stops it: a box that is not ready yet has box.c's own deadlines. */
static void count_idle_time(struct pool *p, struct box *b)
{
	const int64_t most[] = {
		[BOX_IN_USE] = 0, [BOX_AHEAD] = p->config->conf.box_age_us, [BOX_KEPT] = p->config->conf.box_idle_us
	};
	int64_t us = b->state == BOX_READY ? most[b->idle.state] : 0;

	loop_timer(&b->idle.timer, us ? loop_now(p->boxes->loop) + us : 0);
}

/* Only this function writes a box's idle state: it ends the old state's timer and starts the new one's. */
static void enter(struct pool *p, struct box *b, enum box_idle_state s)
{
	/* a step of the table is not logged: two for each job would be a third of the log */
	if (!state_step("pool", states[b->idle.state].next, b->idle.state, s))
		log_event("pool", "id", b->container[0] ? b->container : "-", "owner", b->owner[0] ? b->owner : NULL,
			  "from", states[b->idle.state].name, "to", states[s].name, "trouble",
			  "this step is not in the table", NULL);
	b->idle.state = s;
	b->idle.since = s == BOX_IN_USE ? 0 : loop_now(p->boxes->loop);
	count_idle_time(p, b);
}

static void let_go(struct pool *p, struct box *b)
{
	enter(p, b, BOX_IN_USE);
	box_remove(b);
}

void pool_drain(struct pool *p)
{
	for (struct box *b = boxes_first(p->boxes), *next; b; b = next) {
		next = b->next;
		if (b->idle.state != BOX_IN_USE)
			let_go(p, b);
	}
}

static void idle_too_long(struct timer *t)
{
	struct box *b = (struct box *)((char *)t - offsetof(struct box, idle.timer));
	struct pool *p = b->idle.pool;

	let_go(p, b);
	refill_now(p);
}

static void idle_ready(void *arg)
{
	struct box *b = arg;
	struct pool *p = b->idle.pool;
	struct pool_entry *e = entry_of(p, &b->spec);

	if (e)
		e->backoff = 0;
	count_idle_time(p, b);
	refill_now(p);
}

/* Between two jobs cee-init sends nothing but READY, which the box takes itself. */
static void idle_frame(void *arg, const struct frame *f)
{
	struct box *b = arg;

	log_event("box", "id", b->container, "trouble", "unexpected frame while idle", "frame",
		  log_number((long long)f->type), NULL);
	let_go(b->idle.pool, b);
}

static void idle_ended(void *arg, enum box_end how, const char *reason)
{
	struct box *b = arg;
	struct pool *p = b->idle.pool;
	struct pool_entry *e = b->jobs ? NULL : entry_of(p, &b->spec);

	(void)reason; /* box.c has logged the failure */
	enter(p, b, BOX_IN_USE);
	if (!e || !engine_up(p->boxes->engine))
		return;
	e->backoff = how == BOX_NO_IMAGE ? BACKOFF_MOST : e->backoff ? e->backoff * 2 : BACKOFF_LEAST;
	if (e->backoff > BACKOFF_MOST)
		e->backoff = BACKOFF_MOST;
	e->again = loop_now(p->boxes->loop) + e->backoff;
}

static void keep(struct pool *p, struct box *b)
{
	b->idle.pool = p;
	b->idle.generation = p->generation;
	timer_init(&b->idle.timer, p->boxes->loop, idle_too_long);
	b->gone = NULL;
	enter(p, b, b->owner[0] ? BOX_KEPT : BOX_AHEAD);
	box_use(b, idle_ready, idle_frame, idle_ended, b);
}

/* ---- taking and giving ------------------------------------------------------------ */

/* Prefers the owner's own box that was used last; else one without an owner that is ready, or will be ready soonest. */
static struct box *best_idle(const struct pool *p, const struct box_spec *spec, const char *owner)
{
	bool shares = pool_shares(p, owner);
	struct box *own = NULL, *fresh = NULL;

	for (struct box *b = boxes_first(p->boxes); b; b = b->next) {
		if (b->idle.state == BOX_IN_USE || b->state > BOX_READY || !fits(p, &b->spec, spec))
			continue;
		if (b->owner[0]) {
			if (shares && strcmp(b->owner, owner) == 0 && (!own || b->idle.since > own->idle.since))
				own = b;
		} else if (!fresh || b->state > fresh->state) {
			fresh = b;
		}
	}
	return own ? own : fresh;
}

static int most_boxes(const struct pool *p)
{
	return p->config->conf.boxes ? p->config->conf.boxes : 4 * p->config->conf.jobs + 8;
}

/* If there are too many boxes, removes the one that has been idle for the longest time. */
static void make_room(struct pool *p)
{
	struct box *oldest = NULL;

	if (boxes_count(p->boxes) < most_boxes(p))
		return;
	for (struct box *b = boxes_first(p->boxes); b; b = b->next)
		if (b->idle.state != BOX_IN_USE && (!oldest || b->idle.since < oldest->idle.since))
			oldest = b;
	if (oldest)
		let_go(p, oldest);
}

struct box *pool_take(struct pool *p, const struct box_spec *spec, const char *owner, enum box_from *from)
{
	struct box *b = spec->gate ? NULL : best_idle(p, spec, owner);
	struct pool_entry *e = entry_of(p, spec);

	if (e && !pool_shares(p, owner))
		e->used_up = loop_now(p->boxes->loop);
	*from = b && b->jobs ? BOX_SHARED : b && b->state == BOX_READY ? BOX_WARM : BOX_COLD;
	if (b) {
		enter(p, b, BOX_IN_USE);
	} else {
		make_room(p);
		b = box_new(p->boxes, spec);
	}
	if (!b)
		return NULL;
	p->paced_from =
		loop_now(p->boxes->loop); /* make the next box only after this job had the processors for a while */
	b->idle.generation = p->generation;
	b->jobs++;
	if (!b->owner[0])
		snprintf(b->owner, sizeof(b->owner), "%s", owner);
	return b;
}

/* Whether a box may wait for its owner's next job: not if it has a gate or was made for an older configuration, or if there are too
 * many boxes. */
static bool may_wait(const struct pool *p, const struct box *b)
{
	return !b->gate && b->idle.generation == p->generation && pool_shares(p, b->owner) &&
	       p->config->conf.box_idle_us > 0 && boxes_count(p->boxes) - boxes_going(p->boxes) <= most_boxes(p);
}

void pool_give(struct pool *p, struct box *b)
{
	if (b->state != BOX_READY || !b->cells || b->jobs >= p->config->conf.box_jobs || !may_wait(p, b)) {
		box_remove(b);
		return;
	}
	keep(p, b);
	box_rest(b);
}

void pool_unused(struct pool *p, struct box *b)
{
	if (b->state > BOX_READY || (b->state == BOX_READY && !b->cells) || !may_wait(p, b)) {
		box_remove(b);
		return;
	}
	b->jobs--;
	keep(p, b);
}

/* ---- making ahead --------------------------------------------------------------------- */

/* The number of idle boxes without an owner, of that shape or of any. */
static int unowned(const struct pool *p, const struct box_spec *spec)
{
	int n = 0;

	for (struct box *b = boxes_first(p->boxes); b; b = b->next)
		n += b->idle.state == BOX_AHEAD && (!spec || fits(p, &b->spec, spec));
	return n;
}

static bool in_demand(const struct pool *p, const struct pool_entry *e)
{
	return p->waiting_jobs && e->used_up && loop_now(p->boxes->loop) - e->used_up < DEMAND_US;
}

static int wanted(const struct pool *p, const struct pool_entry *e)
{
	int n = e->lang->warm_min, most = e->lang->warm_max;

	if (in_demand(p, e))
		n = p->waiting_jobs < (size_t)most ? (int)p->waiting_jobs : most;
	return n < most ? n : most;
}

/* How many boxes may be made at the same time: many for a shape in demand; else two, one while jobs run, which need
 * the processors, and none while every place is taken or another box was made just now. */
static int may_come(const struct pool *p, const struct pool_entry *e)
{
	if (in_demand(p, e))
		return COMING_MAX;
	if (!p->free_places || loop_now(p->boxes->loop) - p->paced_from < PACE_US)
		return 0;
	return p->free_places < p->config->conf.jobs ? 1 : 2;
}

static bool make_one(struct pool *p, struct pool_entry *e)
{
	struct box *b = box_new(p->boxes, &e->spec);

	if (!b)
		return false;
	p->paced_from = loop_now(p->boxes->loop);
	keep(p, b);
	return true;
}

/* True if the entry wants more boxes later. */
static bool refill_entry(struct pool *p, struct pool_entry *e)
{
	while (unowned(p, &e->spec) < wanted(p, e) && unowned(p, NULL) < p->config->conf.warm &&
	       boxes_count(p->boxes) < most_boxes(p)) {
		if (loop_now(p->boxes->loop) < e->again || boxes_coming(p->boxes) >= may_come(p, e) || !make_one(p, e))
			return true;
	}
	return false;
}

static void refill_now(struct pool *p)
{
	bool later = false;

	if (!engine_up(p->boxes->engine))
		return;
	for (size_t i = 0; i < p->nentries; i++)
		later |= refill_entry(p, &p->entries[i]);
	if (later && !p->pace.at)
		loop_after(&p->pace, PACE_US);
}

static void pace_fired(struct timer *t)
{
	refill_now((struct pool *)((char *)t - offsetof(struct pool, pace)));
}

void pool_refill(struct pool *p, size_t waiting, int places)
{
	p->waiting_jobs = waiting;
	p->free_places = places;
	refill_now(p);
}

/* ---- start -------------------------------------------------------------------------------- */

static void entries_make(struct pool *p)
{
	const struct langs *langs = &p->config->langs;

	free(p->entries);
	p->nentries = 0;
	p->entries = calloc(langs->n + 1, sizeof(*p->entries));
	for (size_t i = 0; p->entries && i < langs->n; i++) {
		p->entries[p->nentries].lang = &langs->l[i];
		default_spec(p, &p->entries[p->nentries++].spec, &langs->l[i]);
	}
}

void pool_reconfigure(struct pool *p, const struct config *c)
{
	p->config = c;
	p->generation++;
	pool_drain(p);
	entries_make(p);
}

void pool_init(struct pool *p, struct boxes *boxes, const struct config *c, pool_elsewhere *elsewhere, const void *arg)
{
	*p = (struct pool){ .boxes = boxes, .config = c, .elsewhere = elsewhere, .arg = arg };
	timer_init(&p->pace, boxes->loop, pace_fired);
	entries_make(p);
}

void pool_release(struct pool *p)
{
	pool_drain(p);
	loop_timer(&p->pace, 0);
	free(p->entries);
	p->entries = NULL;
	p->nentries = 0;
}
