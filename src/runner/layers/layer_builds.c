/* layers.c - layers of packages: found, or made in package boxes
 *
 *     WAITING → FETCHING → UNPACKING → (whole, or failed)
 *
 * package_box.c has the two boxes: FETCHING is the one with a network that gets the packages,
 * UNPACKING the one without that writes them into a new folder. When that has ended well the
 * folder is renamed to where layers are (src/layers/store.c), and only that makes it count.
 *
 * Jobs that want the same layer wait for one making; one that nobody waits for any more is given
 * up. What the user did wrong (a package that does not exist, one that is too large) is remembered
 * for a few minutes; what a network or we did never is.
 *
 * Another runner on the same spool may make the same layer: its lock is seen, and the layer looked
 * for until it is there or the lock is free.
 */
#include "runner/layers/layer_builds.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/strv.h"
#include "base/testhook.h"
#include "base/text.h"
#include "conf/conf.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/language.h"
#include "job/language_argv.h"
#include "job/package_names.h"
#include "layers/grammar.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/box/image_ids.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/layers/layer_builds_internal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static const char *const state_text[MAKING_STATE_COUNT] = {
#define S(id, name) [MAKING_##id] = name,
	MAKING_STATES(S)
#undef S
};

#define WHOLE "/.cee/layers"

enum {
	LOOK_AGAIN_US = 200000, /* while another runner makes it */
	REMEMBER_US = 180000000,
	REMEMBER_MOST = 256,
	PRUNE_US = 600000000
};

struct layer_wish {
	struct layer_order order;
	struct making *making; /* NULL: the image is asked for */
	struct layer_wish *next;
};

struct remembered {
	char name[LAYER_NAME + 1];
	char message[512];
	struct buf words;
	int64_t until;
};

static const struct config *config;
static struct boxes *boxes;
static struct image_ids *images;
static struct layers store = LAYERS_NONE;
static struct cee_err store_trouble;
static struct making *makings;
static struct layer_wish *askers; /* for an image's id */
static struct remembered memory[REMEMBER_MOST];
static unsigned nmemory;
static struct timer prune_timer;

struct layers *layers_store(void)
{
	return &store;
}
struct boxes *layers_boxes(void)
{
	return boxes;
}

const struct conf *layers_conf(void)
{
	return &config->conf;
}

static void pump(void);
static enum layer_answer resolve(struct layer_wish *w, const char *image, struct layer_got *got);

/* ---- pruning ------------------------------------------------------------------------ */

static void prune_now(void)
{
	loop_timer(&prune_timer, mono_us() + PRUNE_US);
	if (store.dir >= 0)
		pruner_run(store.path, config->conf.layers_max);
}

static void prune_fired(struct timer *t)
{
	(void)t;
	prune_now();
}

/* ---- memory of what does not exist --------------------------------------------------- */

static struct remembered *recall(const char *name)
{
	for (unsigned i = 0; i < nmemory; i++)
		if (memory[i].until > mono_us() && strcmp(memory[i].name, name) == 0)
			return &memory[i];
	return NULL;
}

/* In the place of what is over, else of what is over first. */
static struct remembered *place_to_remember(void)
{
	struct remembered *first = &memory[0];

	if (nmemory < REMEMBER_MOST)
		return &memory[nmemory++];
	for (unsigned i = 1; i < nmemory; i++)
		if (memory[i].until < first->until)
			first = &memory[i];
	return first;
}

static void remember(struct making *m, const char *message)
{
	struct remembered *r = place_to_remember();

	buf_release(&r->words);
	memcpy(r->name, m->name, sizeof r->name);
	snprintf(r->message, sizeof r->message, "%s", message);
	r->words = m->words;
	m->words = (struct buf){ 0 };
	r->until = mono_us() + REMEMBER_US;
}

/* ---- a making ---------------------------------------------------------------- */

static void making_free(void *p)
{
	struct making *m = p;

	layer_release(&m->layer);
	buf_release(&m->words);
	buf_release(&m->lock);
	buf_release(&m->manifest);
	free(m->request);
	free(m);
}

void making_enter(struct making *m, enum making_state s, int64_t deadline_us)
{
	log_event("layer", "id", m->name, "from", state_text[m->state], "to", state_text[s], "language", m->lang->name,
		  "ms", log_number((mono_us() - m->began) / 1000), NULL);
	m->state = s;
	memset(m->ended, 0, sizeof m->ended);
	loop_timer(&m->timer, mono_us() + deadline_us);
}

static void making_leave(struct making *m, const char *how)
{
	struct making **p = &makings;

	log_event("layer", "id", m->name, "from", state_text[m->state], "to", how, "ms",
		  log_number((mono_us() - m->began) / 1000), "bytes", log_number(m->got), NULL);
	loop_timer(&m->timer, 0);
	while (*p != m)
		p = &(*p)->next;
	*p = m->next;
	package_box_drop(m);
	if (m->fd >= 0)
		layer_make_end(&store, m->name, m->fd);
	m->fd = -1;
}

/* Everybody who waits hears the same; somebody who is told may ask anew. */
static void tell(struct layer_wish *list, enum layer_answer a, const struct layer_got *what)
{
	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = *what;

		list = w->next;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
}

static struct layer_wish *take_wishes(struct making *m)
{
	struct layer_wish *list = m->wishes;

	m->wishes = NULL;
	return list;
}

void making_made(struct making *m)
{
	struct layer_wish *list = take_wishes(m);
	char image[LAYER_DIGEST + 64];

	snprintf(image, sizeof image, "%s", m->layer.image);
	making_leave(m, "whole");
	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = { .fd = -1 };
		enum layer_answer a;

		list = w->next;
		w->making = NULL;
		a = resolve(w, image, &got);
		if (a == LAYER_LATER) /* gone again already: it waits once more */
			continue;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
	loop_doom(boxes->loop, making_free, m);
	prune_now();
	pump();
}

void making_failed(struct making *m, enum layer_answer a, const char *message)
{
	struct layer_wish *list = take_wishes(m);
	struct layer_got got = { .fd = -1 };

	snprintf(got.message, sizeof got.message, "packages: %.480s", message);
	text_clean(got.message);
	log_event("layer", "id", m->name, "trouble", got.message, "whose", a == LAYER_REFUSED ? "the job's" : "ours",
		  NULL);
	making_leave(m, "failed");
	if (a == LAYER_REFUSED)
		remember(m, got.message);
	if (a == LAYER_REFUSED && recall(m->name)) {
		got.words = recall(m->name)->words.data;
		got.nwords = recall(m->name)->words.len;
	} else {
		got.words = m->words.data;
		got.nwords = m->words.len;
	}
	tell(list, a, &got);
	loop_doom(boxes->loop, making_free, m);
	pump();
}

/* ---- which may begin ------------------------------------------------------------------------------ */

static int working(void)
{
	int n = 0;

	for (struct making *m = makings; m; m = m->next)
		n += m->state != MAKING_WAITING;
	return n;
}

/* The other runner is through, or died. */
static void look_again(struct making *m)
{
	struct layer y;
	int fd = layer_use(&store, m->name, &y, NULL);

	if (fd >= 0) {
		layer_release(&y);
		close(fd);
		making_made(m);
	} else if (mono_us() - m->began > config->conf.package_wall_us + UNPACK_US) {
		making_failed(m, LAYER_OURS, "another runner has been making this layer for too long");
	}
}

static void begin(struct making *m)
{
	m->fd = layer_make_begin(&store, m->name);
	if (m->fd < 0 && errno == EWOULDBLOCK) {
		loop_timer(&m->timer, mono_us() + LOOK_AGAIN_US);
		return;
	}
	if (m->fd < 0) {
		making_failed(m, LAYER_OURS, strerror(errno));
		return;
	}
	making_enter(m, MAKING_FETCHING, config->conf.package_wall_us + UNPACK_US + BOX_SLACK_US);
	package_box_begin(m);
	spool_hook("packages-fetching");
}

static void pump(void)
{
	bool again = true;

	while (again && engine_up(boxes->engine)) {
		again = false;
		for (struct making *m = makings; m && !again; m = m->next)
			if (m->state == MAKING_WAITING && !m->timer.at && working() < config->conf.package_boxes) {
				begin(m); /* it may be gone now */
				again = true;
			}
	}
}

static struct timer pump_timer;

static void pump_fired(struct timer *t)
{
	(void)t;
	pump();
}

/* From the loop: whoever asks gets its answer first. */
static void pump_later(void)
{
	loop_timer(&pump_timer, mono_us() + 1);
}

static void timer_fired(struct timer *t)
{
	struct making *m = (struct making *)((char *)t - offsetof(struct making, timer));

	if (m->state != MAKING_WAITING) {
		making_failed(m, LAYER_OURS,
			      m->state == MAKING_FETCHING ? "the package box did not end in time; it was removed"
							  : "the layer could not be unpacked in time");
		return;
	}
	look_again(m);
	pump();
}

/* ---- wishes ------------------------------------------------------------------------------------------ */

/* "name@version" of each, a name as its registry knows it however it was written. */
static char **asked_of(const struct lang *l, const struct job *j)
{
	int g = grammar_find(l->layer.grammar);
	char **v = calloc(j->npackages + 1, sizeof *v);

	for (size_t i = 0; v && i < j->npackages; i++) {
		char *name = package_key(g >= 0 ? (enum grammar)g : GRAMMAR_ANY, j->packages[i].name);
		int r = name ? asprintf(&v[i], "%s@%s", name, j->packages[i].version) : -1;

		free(name);
		if (r < 0) {
			v[i] = NULL;
			strv_free(v);
			return NULL;
		}
	}
	return v;
}

static struct making *making_new(const struct layer_wish *w, const char *name, const char *image, char ***asked)
{
	struct making *m = calloc(1, sizeof *m), **p = &makings;
	const struct job *j = w->order.job;

	if (!m)
		return NULL;
	m->fd = -1;
	timer_init(&m->timer, boxes->loop, timer_fired);
	m->lang = w->order.lang;
	m->began = mono_us();
	memcpy(m->name, name, sizeof m->name);
	m->layer.language = strdup(m->lang->name);
	m->layer.image = strdup(image);
	m->layer.framework = strdup(lang_framework(m->lang, j));
	m->request = package_request(m->lang, j);
	if (!m->layer.language || !m->layer.image || !m->layer.framework || !m->request) {
		making_free(m);
		return NULL;
	}
	m->layer.asked = *asked;
	m->layer.nasked = j->npackages;
	*asked = NULL;
	while (*p)
		p = &(*p)->next;
	*p = m;
	return m;
}

static enum layer_answer say(struct layer_got *got, enum layer_answer a, const char *message)
{
	snprintf(got->message, sizeof got->message, "%s", message);
	return a;
}

/* Whole and as it was made: it is used. Damaged: it goes, and is made anew. */
static bool find(const char *name, struct layer_got *got)
{
	struct cee_err e = { "" };

	got->fd = layer_use(&store, name, &got->layer, &e);
	if (got->fd < 0 && errno == EBADMSG) {
		log_event("layer", "id", name, "trouble", e.msg, "remedy", "it is made anew", NULL);
		layer_discard(&store, name, true);
	}
	snprintf(got->path, sizeof got->path, WHOLE "/%s", name);
	return got->fd >= 0;
}

static void join(struct layer_wish *w, struct making *m)
{
	w->making = m;
	w->next = m->wishes;
	m->wishes = w;
}

static enum layer_answer want(struct layer_wish *w, const char *name, const char *image, char ***asked,
			      struct layer_got *got)
{
	struct making *m = makings;
	struct remembered *r = recall(name);

	while (m && strcmp(m->name, name) != 0)
		m = m->next;
	if (!m && find(name, got))
		return LAYER_HAVE;
	if (!m && r) {
		got->words = r->words.data;
		got->nwords = r->words.len;
		return say(got, LAYER_REFUSED, r->message);
	}
	if (!m && config->conf.offline)
		return say(got, LAYER_REFUSED,
			   "packages: these are not among the layers of this host, and it fetches none (offline = "
			   "yes)");
	if (!m)
		m = making_new(w, name, image, asked);
	if (!m)
		return say(got, LAYER_OURS, "out of memory");
	join(w, m);
	return LAYER_LATER;
}

static enum layer_answer resolve(struct layer_wish *w, const char *image, struct layer_got *got)
{
	char **asked = asked_of(w->order.lang, w->order.job), name[LAYER_NAME + 1];
	struct layer_key k = { .language = w->order.lang->name,
			       .image = image,
			       .packages = asked,
			       .framework = lang_framework(w->order.lang, w->order.job),
			       .npackages = w->order.job->npackages };
	enum layer_answer a = LAYER_OURS;

	if (asked && layer_name(&store, &k, name) == 0)
		a = want(w, name, image, &asked, got);
	else
		say(got, LAYER_OURS, "out of memory");
	strv_free(asked);
	return a;
}

/* ---- who waits for an image's id ---------------------------------------------------------------------- */

static struct layer_wish *take_askers(const char *image)
{
	struct layer_wish **p = &askers, *list = NULL;

	while (*p) {
		struct layer_wish *w = *p;

		if (strcmp(w->order.lang->image, image) != 0) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = list;
		list = w;
	}
	return list;
}

static void image_answered(void *arg, const char *image, const char *id, bool missing)
{
	struct layer_wish *list = take_askers(image);

	(void)arg;
	while (list) {
		struct layer_wish *w = list;
		struct layer_got got = { .fd = -1 };
		enum layer_answer a = LAYER_OURS;

		list = w->next;
		w->next = NULL;
		if (id) {
			a = resolve(w, id, &got);
		} else if (missing) {
			snprintf(got.message, sizeof got.message,
				 "the image %.100s is not there: run cee-lang build %s", image, w->order.lang->name);
		} else {
			say(&got, LAYER_OURS, "the engine does not say which image this is");
		}
		if (a == LAYER_LATER)
			continue;
		w->order.done(w->order.arg, a, &got);
		free(w);
	}
	pump();
}

static enum layer_answer ask_image(struct layer_wish *w, struct layer_got *got)
{
	if (!image_ids_ask(images, w->order.lang->image, image_answered, NULL))
		return say(got, LAYER_OURS, "out of memory");
	w->next = askers;
	askers = w;
	return LAYER_LATER;
}

/* ---- from outside -------------------------------------------------------------------------------------- */

enum layer_answer layers_ask(const struct layer_order *o, struct layer_got *got, struct layer_wish **wish)
{
	struct layer_wish *w = calloc(1, sizeof *w);
	enum layer_answer a;
	const char *id;

	*got = (struct layer_got){ .fd = -1 };
	*wish = NULL;
	if (!o->lang->layer.grammar || store.dir < 0) {
		free(w);
		return say(got, store.dir < 0 ? LAYER_OURS : LAYER_REFUSED,
			   store.dir < 0 ? store_trouble.msg : "packages: this language has none of its own here");
	}
	if (!w)
		return say(got, LAYER_OURS, "out of memory");
	w->order = *o;
	id = image_ids_get(images, o->lang->image);
	a = id ? resolve(w, id, got) : ask_image(w, got);
	if (a != LAYER_LATER) {
		free(w);
		return a;
	}
	*wish = w;
	pump_later();
	return a;
}

static void unlink_wish(struct layer_wish **p, struct layer_wish *w)
{
	while (*p && *p != w)
		p = &(*p)->next;
	if (*p)
		*p = w->next;
}

/* A making that nobody waits for any more is given up. */
void layers_forget(struct layer_wish *w)
{
	struct making *m = w ? w->making : NULL;

	if (!w)
		return;
	unlink_wish(m ? &m->wishes : &askers, w);
	free(w);
	if (m && !m->wishes) {
		making_leave(m, "not wanted");
		loop_doom(boxes->loop, making_free, m);
		pump();
	}
}

void layers_drain(void)
{
	while (makings)
		making_failed(makings, LAYER_OURS, "the engine went away");
}

static void open_store(void)
{
	if (store.dir >= 0 && strcmp(store.path, config->conf.layers) == 0)
		return;
	layers_close(&store);
	if (layers_open(&store, config->conf.layers, true, &store_trouble) < 0)
		log_event("layers", "trouble", store_trouble.msg, "remedy",
			  "jobs with packages fail until layers can be made there", NULL);
	boxes_set_layers(boxes, store.dir >= 0 ? store.path : NULL);
}

void layers_reconfigure(const struct config *c)
{
	config = c;
	open_store();
}

void layers_init(const struct config *c, struct boxes *bs, struct image_ids *ids)
{
	boxes = bs;
	images = ids;
	config = c;
	timer_init(&prune_timer, boxes->loop, prune_fired);
	timer_init(&pump_timer, boxes->loop, pump_fired);
	open_store();
	prune_now();
}

void layers_end(void)
{
	pruner_end();
	layers_close(&store);
	for (unsigned i = 0; i < nmemory; i++)
		buf_release(&memory[i].words);
	nmemory = 0;
}
