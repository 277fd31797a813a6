/* pool.c - boxes that wait for a job
 *
 * A box is nobody's when it is made ahead (warm), and its first owner's from
 * then on: the owner's jobs follow one another in it, each in a cell, until it
 * has served box_jobs of them or was idle for box_idle. It never passes from one
 * owner to another. Without cells, with share = none and for owners without an
 * identity a box serves one job.
 *
 * What is wanted ahead is known by shape: image and sizes. Each language has the
 * shape of its default limits; a job of another size takes a cold box. More than
 * a language's minimum is made only while jobs that use boxes up are waiting, so
 * that the engine makes the next boxes while the last jobs run.
 */
#include "runner/pool/pool.h"
#include "base/clock.h"
#include "base/limit.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/language.h"
#include "job/result.h"
#include "runner/box/box.h"
#include "runner/compile/compiler.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "wire/frame.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


enum {
	COMING_MAX = 6,	     /* boxes that the engine makes at once: more are not sooner */
	DEMAND_US = 2000000, /* a shape taken within that time is in demand */
	PACE_US = 150000,    /* from the last job or box until another is made ahead */
	BACKOFF_LEAST = 1000000,
	BACKOFF_MOST = 60000000
};

/* What is wanted ahead of one language. */
struct shelf {
	const struct lang *lang;
	struct box_spec spec;
	int64_t used_up;	/* when a box of this shape was last taken for a single job */
	int64_t again, backoff; /* the engine failed: not before, and how long next time */
};

static const struct config *config;
static struct boxes *boxes;
static struct shelf *shelves;
static size_t nshelves;
static struct timer look, pace;
static int64_t paced_from; /* a box was made ahead, or a job took one */

static void refill_now(void);

/* ---- shapes ------------------------------------------------------------------ */

void pool_spec(struct box_spec *spec, const struct lang *lang, const struct limits limits[PHASE_COUNT], bool compiles)
{
	const struct limits *run = &limits[PHASE_RUN], *compile = &limits[PHASE_COMPILE];
	struct limits l = *run;

	for (int i = 0; i < LIMIT_COUNT; i++)
		if (compiles && lang->ncompile && compile->v[i] > l.v[i])
			l.v[i] = compile->v[i];
	l.v[LIMIT_DISK] = run->v[LIMIT_DISK];
	*spec = (struct box_spec){ .image = lang->image,
				   .memory = box_memory(&config->conf, &l),
				   .disk = run->v[LIMIT_DISK],
				   .inodes = run->v[LIMIT_INODES],
				   .processes = l.v[LIMIT_PROCESSES] + 2, /* init and the cell's keeper */
				   .open_files = l.v[LIMIT_OPEN_FILES] < 256 ? 256 : l.v[LIMIT_OPEN_FILES] };
}

static bool fits(const struct box_spec *a, const struct box_spec *b)
{
	return a->memory == b->memory && a->processes == b->processes && a->open_files == b->open_files &&
	       /* with cells the disk is the cell's, made for each job */
	       (boxes_cells(boxes) || (a->disk == b->disk && a->inodes == b->inodes)) &&
	       strcmp(a->image, b->image) == 0;
}

static void default_spec(struct box_spec *spec, const struct lang *lang)
{
	struct limits l[PHASE_COUNT];

	for (int p = 0; p < PHASE_COUNT; p++) {
		l[p] = lang->limits[p];
		limits_default(&l[p], &config->conf.dflt[p]);
		limits_cap(&l[p], &config->conf.max[p]);
	}
	/* programs of a resident compiler come ready */
	pool_spec(spec, lang, l, !compiler_suits(lang, &l[PHASE_COMPILE]));
}

bool pool_shares(const char *owner)
{
	return !config->conf.share_none && boxes_cells(boxes) && strcmp(owner, "anon") != 0;
}

/* ---- idle boxes ---------------------------------------------------------------- */

int pool_idle(void)
{
	int n = 0;

	for (struct box *b = boxes_first(boxes); b; b = b->next)
		n += b->idle_since != 0;
	return n;
}

static void let_go(struct box *b)
{
	b->idle_since = 0;
	box_remove(b);
}

void pool_drain(void)
{
	for (struct box *b = boxes_first(boxes), *next; b; b = next) {
		next = b->next;
		if (b->idle_since)
			let_go(b);
	}
}

static struct shelf *shelf_of(const struct box_spec *spec)
{
	for (size_t i = 0; i < nshelves; i++)
		if (fits(&shelves[i].spec, spec))
			return &shelves[i];
	return NULL;
}

static void idle_ready(void *arg)
{
	struct box *b = arg;
	struct shelf *s = shelf_of(&b->spec);

	if (s)
		s->backoff = 0;
	refill_now();
}

/* init has nothing to say between two jobs but READY, which the box hears itself. */
static void idle_frame(void *arg, const struct frame *f)
{
	struct box *b = arg;

	log_event("box", "id", b->container, "trouble", "cee-init spoke without a job", "frame",
		  log_number((long long)f->type), NULL);
	let_go(b);
}

static void idle_ended(void *arg, enum box_end how, const char *reason)
{
	struct box *b = arg;
	struct shelf *s = b->jobs ? NULL : shelf_of(&b->spec);

	(void)reason; /* the box has logged it */
	b->idle_since = 0;
	if (!s || !engine_up(boxes->engine))
		return;
	s->backoff = how == BOX_NO_IMAGE ? BACKOFF_MOST : s->backoff ? s->backoff * 2 : BACKOFF_LEAST;
	if (s->backoff > BACKOFF_MOST)
		s->backoff = BACKOFF_MOST;
	s->again = mono_us() + s->backoff;
}

static int64_t goes_at(const struct box *b)
{
	return b->idle_since + (b->owner[0] ? config->conf.box_idle_us : config->conf.box_age_us);
}

static void look_later(void)
{
	int64_t first = 0;

	for (struct box *b = boxes_first(boxes); b; b = b->next)
		if (b->idle_since && (!first || goes_at(b) < first))
			first = goes_at(b);
	loop_timer(&look, first);
}

static void keep_idle(struct box *b)
{
	b->idle_since = mono_us();
	box_use(b, idle_ready, idle_frame, idle_ended, b);
	if (!look.at || goes_at(b) < look.at)
		loop_timer(&look, goes_at(b));
}

/* The one that waited longest among those that were used before. */
static struct box *oldest_idle(void)
{
	struct box *oldest = NULL;

	for (struct box *b = boxes_first(boxes); b; b = b->next)
		if (b->idle_since && (!oldest || b->idle_since < oldest->idle_since))
			oldest = b;
	return oldest;
}

static int most_boxes(void)
{
	return config->conf.boxes ? config->conf.boxes : 4 * config->conf.jobs + 8;
}

static void look_at_age(struct timer *t)
{
	int64_t now = mono_us();

	(void)t;
	for (struct box *b = boxes_first(boxes), *next; b; b = next) {
		next = b->next;
		if (b->idle_since && goes_at(b) <= now)
			let_go(b);
	}
	look_later();
	refill_now();
}

/* ---- taking and giving ------------------------------------------------------------ */

/* The owner's own first, the one used last; then nobody's: ready, or nearest to it. */
static struct box *best_idle(const struct box_spec *spec, const char *owner, bool shares)
{
	struct box *own = NULL, *fresh = NULL;

	for (struct box *b = boxes_first(boxes); b; b = b->next) {
		if (!b->idle_since || b->state > BOX_READY || !fits(&b->spec, spec))
			continue;
		if (b->owner[0]) {
			if (shares && strcmp(b->owner, owner) == 0 && (!own || b->idle_since > own->idle_since))
				own = b;
		} else if (!fresh || b->state > fresh->state) {
			fresh = b;
		}
	}
	return own ? own : fresh;
}

static void make_room(void)
{
	struct box *b = boxes_count(boxes) >= most_boxes() ? oldest_idle() : NULL;

	if (b)
		let_go(b);
}

struct box *pool_take(const struct box_spec *spec, const char *owner, enum box_from *from)
{
	bool shares = pool_shares(owner);
	struct box *b = best_idle(spec, owner, shares);
	struct shelf *s = shelf_of(spec);

	if (s && !shares)
		s->used_up = mono_us();
	*from = b && b->jobs ? BOX_SHARED : b && b->state == BOX_READY ? BOX_WARM : BOX_COLD;
	if (!b) {
		make_room();
		b = box_new(boxes, spec);
	}
	if (!b)
		return NULL;
	paced_from = mono_us(); /* the next one is made when this job had the processors for a while */
	b->idle_since = 0;
	b->jobs++;
	if (!b->owner[0])
		snprintf(b->owner, sizeof(b->owner), "%s", owner);
	return b;
}

/* Whether it may wait for its owner's next job, as far as its owner and the others go. */
static bool may_wait(const struct box *b)
{
	return pool_shares(b->owner) && config->conf.box_idle_us > 0 &&
	       boxes_count(boxes) - boxes_going(boxes) <= most_boxes();
}

void pool_give(struct box *b)
{
	if (b->state != BOX_READY || !b->cells || b->jobs >= config->conf.box_jobs || !may_wait(b)) {
		box_remove(b);
		return;
	}
	b->gone = NULL;
	keep_idle(b);
	box_rest(b);
}

void pool_unused(struct box *b)
{
	if (b->state > BOX_READY || (b->state == BOX_READY && !b->cells) || !may_wait(b)) {
		box_remove(b);
		return;
	}
	b->jobs--;
	b->gone = NULL;
	keep_idle(b);
}

/* ---- making ahead --------------------------------------------------------------------- */

static size_t waiting_jobs;
static int free_places;

static int unowned(const struct box_spec *spec)
{
	int n = 0;

	for (struct box *b = boxes_first(boxes); b; b = b->next)
		n += b->idle_since && !b->owner[0] && (!spec || fits(&b->spec, spec));
	return n;
}

static int wanted(const struct shelf *s, int64_t now)
{
	int n = s->lang->warm_min, most = s->lang->warm_max;

	if (waiting_jobs && s->used_up && now - s->used_up < DEMAND_US)
		n = waiting_jobs < (size_t)most ? (int)waiting_jobs : most;
	return n < most ? n : most;
}

/* How many may be in the making: many while jobs wait for boxes, one where jobs run
 * that want the processors, and none where every place is taken. */
static int may_come(const struct shelf *s, int64_t now)
{
	if (waiting_jobs && s->used_up && now - s->used_up < DEMAND_US)
		return COMING_MAX;
	if (!free_places || now - paced_from < PACE_US)
		return 0;
	return free_places < config->conf.jobs ? 1 : 2;
}

static void make_one(struct shelf *s)
{
	struct box *b = box_new(boxes, &s->spec);

	if (!b)
		return;
	paced_from = mono_us();
	keep_idle(b);
}

static void refill_now(void)
{
	int64_t now = mono_us();
	bool later = false;

	if (!engine_up(boxes->engine))
		return;
	for (size_t i = 0; i < nshelves; i++) {
		struct shelf *s = &shelves[i];

		while (unowned(&s->spec) < wanted(s, now) && unowned(NULL) < config->conf.warm &&
		       boxes_count(boxes) < most_boxes()) {
			if (now < s->again || boxes_coming(boxes) >= may_come(s, now)) {
				later = true;
				break;
			}
			make_one(s);
		}
	}
	if (later && !pace.at)
		loop_timer(&pace, now + PACE_US);
}

static void pace_fired(struct timer *t)
{
	(void)t;
	refill_now();
}

void pool_refill(size_t waiting, int places)
{
	waiting_jobs = waiting;
	free_places = places;
	refill_now();
}

/* ---- start -------------------------------------------------------------------------------- */

static void shelves_make(void)
{
	free(shelves);
	nshelves = 0;
	shelves = calloc(config->langs.n + 1, sizeof(*shelves));
	for (size_t i = 0; shelves && i < config->langs.n; i++) {
		shelves[nshelves].lang = &config->langs.l[i];
		default_spec(&shelves[nshelves++].spec, &config->langs.l[i]);
	}
}

void pool_reconfigure(const struct config *c)
{
	config = c;
	pool_drain();
	shelves_make();
}

void pool_init(const struct config *c, struct boxes *bs)
{
	boxes = bs;
	config = c;
	timer_init(&look, boxes->loop, look_at_age);
	timer_init(&pace, boxes->loop, pace_fired);
	shelves_make();
}
