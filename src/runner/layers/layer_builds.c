/* layer_builds.c - existing layers of packages, and layers being built
 *
 * A layer's name is a digest of its purpose: language, image, framework and packages. Jobs that want the same
 * layer wait for one build (layer_build.c); a build without waiters is abandoned. Failures that are the
 * job's fault are remembered for a few minutes (refusals.c). build_turns.c chooses the next build.
 *
 * A layer's name depends on the image's id, for which the engine sometimes has to be asked: requests then wait
 * for the id first.
 */
#include "runner/layers/layer_builds.h"
#include "job/language_argv.h"
#include "base/buf.h"
#include "base/strv.h"
#include "base/error.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "engine/docker.h"
#include "job/job.h"
#include "job/language.h"
#include "layers/store.h"
#include "runner/box/box.h"
#include "runner/box/image_ids.h"
#include "runner/core/config.h"
#include "runner/core/log.h"
#include "runner/layers/build_turns.h"
#include "runner/layers/layer_answer.h"
#include "runner/layers/layer_build.h"
#include "runner/layers/package_request.h"
#include "runner/layers/pruner.h"
#include "runner/layers/refusals.h"
#include "spool/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE "/.cee/layers" /* the path of all layers in a box */

enum { PRUNE_US = 600000000 };

struct layer_waiter {
	struct layer_request request;
	char owner[OWNER_MAX];
	struct layer_build *build; /* NULL: waits for the image's id */
	struct layer_waiter *next;
};

static enum layer_answer resolve(struct layer_builds *bs, struct layer_waiter *w, const char *image,
				 struct layer_reply *reply);

static enum layer_answer reply_with(struct layer_reply *reply, enum layer_answer a, const char *message)
{
	snprintf(reply->message, sizeof reply->message, "%s", message);
	return a;
}

/* ---- pruning and beginning ------------------------------------------------------------------- */

static void prune_now(struct layer_builds *bs)
{
	loop_after(&bs->prune, PRUNE_US);
	if (bs->store.dir >= 0)
		pruner_run(&bs->pruner, bs->store.path, bs->host.config->conf.layers_max);
}

static void prune_due(struct timer *t)
{
	prune_now((struct layer_builds *)((char *)t - offsetof(struct layer_builds, prune)));
}

static void begin_more(struct layer_builds *bs)
{
	struct layer_build *b;

	while (engine_up(bs->host.boxes->engine) &&
	       (b = build_turns_next(bs->first, bs->host.config->conf.package_boxes))) {
		layer_build_begin(b); /* the build may have ended here, but its memory is still valid */
		if (b->state == LAYER_BUILD_FETCHING)
			build_turns_begun(bs->first, b, ++bs->turn);
	}
}

static void begin_due(struct timer *t)
{
	begin_more((struct layer_builds *)((char *)t - offsetof(struct layer_builds, begin)));
}

/* ---- waiters --------------------------------------------------------------------- */

static void waiters_add(struct layer_waiter **list, struct layer_waiter *w)
{
	while (*list)
		list = &(*list)->next;
	w->next = NULL;
	*list = w;
}

static void waiters_remove(struct layer_waiter **list, struct layer_waiter *w)
{
	while (*list && *list != w)
		list = &(*list)->next;
	if (*list)
		*list = w->next;
}

static void answer(struct layer_waiter *w, enum layer_answer a, struct layer_reply *reply)
{
	struct layer_request r = w->request;

	free(w);
	r.done(r.arg, a, reply);
}

static void builds_remove(struct layer_builds *bs, struct layer_build *b)
{
	struct layer_build **p = &bs->first;

	while (*p && *p != b)
		p = &(*p)->next;
	if (*p)
		*p = b->next;
}

/* The layer may have been removed meanwhile: then its waiters wait once more. */
static void build_ready(struct layer_builds *bs, struct layer_waiter *list, const char *image)
{
	while (list) {
		struct layer_waiter *w = list;
		struct layer_reply reply = { .fd = -1 };
		enum layer_answer a;

		list = w->next;
		w->build = NULL;
		a = resolve(bs, w, image, &reply);
		if (a != LAYER_PENDING)
			answer(w, a, &reply);
	}
	prune_now(bs);
}

/* Notifies all waiters; a callback may start a new request. */
static void build_failed(struct layer_builds *bs, struct layer_build *b, struct layer_waiter *list, enum layer_answer a,
			 const char *message)
{
	struct buf *output = &b->box.report.output;
	const struct refusal *r = a == LAYER_REFUSED ? refusals_add(&bs->refusals, b->name, message, output,
								    loop_now(bs->host.boxes->loop))
						     : NULL;

	while (list) {
		struct layer_waiter *w = list;
		struct layer_reply reply = { .fd = -1,
					     .output = r ? r->output.data : output->data,
					     .noutput = r ? r->output.len : output->len };

		list = w->next;
		reply_with(&reply, a, message);
		answer(w, a, &reply);
	}
}

static void build_ended(void *arg, struct layer_build *b, enum layer_answer a, const char *message)
{
	struct layer_builds *bs = arg;
	struct layer_waiter *list = b->waiters;

	b->waiters = NULL;
	builds_remove(bs, b);
	if (a == LAYER_READY)
		build_ready(bs, list, b->layer.image);
	else
		build_failed(bs, b, list, a, message);
	begin_more(bs);
}

static void build_waiting(void *arg, struct layer_build *b)
{
	(void)b;
	begin_more(arg);
}

/* ---- requests -------------------------------------------------------------------------------------- */

static struct layer_build *build_add(struct layer_builds *bs, const struct layer_waiter *w, const char *name,
				     const char *image, char ***packages)
{
	const struct job *j = w->request.job;
	const struct lang *l = w->request.lang;
	struct layer layer = { .language = strdup(l->name),
			       .image = strdup(image),
			       .framework = strdup(lang_framework(l, j)),
			       .asked = *packages,
			       .nasked = j->npackages };
	struct layer_build *b, **p = &bs->first;

	*packages = NULL;
	b = layer_build_new(&bs->host, name, l, &layer, package_request(&bs->host.config->conf, l, j));
	if (!b)
		return NULL;
	b->turn = ++bs->turn;
	while (*p)
		p = &(*p)->next;
	*p = b;
	return b;
}

static void join(struct layer_waiter *w, struct layer_build *b)
{
	w->build = b;
	waiters_add(&b->waiters, w);
	snprintf(b->owner, sizeof b->owner, "%s", b->waiters->owner);
}

/* Uses a layer that is complete and unchanged; removes a damaged one, so that it is built again. */
static bool find(struct layer_builds *bs, const char *name, struct layer_reply *reply)
{
	struct cee_err e = { "" };

	reply->fd = layer_use(&bs->store, name, &reply->layer, &e);
	if (reply->fd < 0 && errno == EBADMSG) {
		log_event("layer", "id", name, "trouble", e.msg, "remedy", "it is built anew", NULL);
		layer_discard(&bs->store, name, true);
	}
	snprintf(reply->path, sizeof reply->path, WHOLE "/%s", name);
	return reply->fd >= 0;
}

static struct layer_build *find_build(struct layer_builds *bs, const char *name)
{
	struct layer_build *b = bs->first;

	while (b && strcmp(b->name, name) != 0)
		b = b->next;
	return b;
}

static enum layer_answer find_or_build(struct layer_builds *bs, struct layer_waiter *w, const char *name,
				       const char *image, char ***packages, struct layer_reply *reply)
{
	const struct refusal *r;
	struct layer_build *b = find_build(bs, name);

	if (b) {
		join(w, b);
		return LAYER_PENDING;
	}
	if (find(bs, name, reply))
		return LAYER_READY;
	r = refusals_find(&bs->refusals, name, loop_now(bs->host.boxes->loop));
	if (r) {
		reply->output = r->output.data;
		reply->noutput = r->output.len;
		return reply_with(reply, LAYER_REFUSED, r->message);
	}
	if (bs->host.config->conf.offline)
		return reply_with(reply, LAYER_REFUSED,
				  "packages: these are not among the layers of this host, and it fetches none (offline "
				  "= "
				  "yes)");
	b = build_add(bs, w, name, image, packages);
	if (!b)
		return reply_with(reply, LAYER_FAILED, "out of memory");
	join(w, b);
	return LAYER_PENDING;
}

static enum layer_answer resolve(struct layer_builds *bs, struct layer_waiter *w, const char *image,
				 struct layer_reply *reply)
{
	const struct job *j = w->request.job;
	const struct lang *l = w->request.lang;
	char **packages = package_names(l, j), name[LAYER_NAME + 1];
	struct layer_key k = { .language = l->name,
			       .image = image,
			       .framework = lang_framework(l, j),
			       .packages = packages,
			       .npackages = j->npackages };
	enum layer_answer a = LAYER_FAILED;

	if (packages && layer_name(&bs->store, &k, name) == 0)
		a = find_or_build(bs, w, name, image, &packages, reply);
	else
		reply_with(reply, a, "out of memory");
	strv_free(packages);
	return a;
}

/* ---- waiters for an image's id ---------------------------------------------------------------------- */

static struct layer_waiter *take_unnamed(struct layer_builds *bs, const char *image)
{
	struct layer_waiter **p = &bs->unnamed, *list = NULL;

	while (*p) {
		struct layer_waiter *w = *p;

		if (strcmp(w->request.lang->image, image) != 0) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		waiters_add(&list, w);
	}
	return list;
}

static enum layer_answer resolve_image(struct layer_builds *bs, struct layer_waiter *w, const char *id, bool missing,
				       struct layer_reply *reply)
{
	const struct lang *l = w->request.lang;

	if (id)
		return resolve(bs, w, id, reply);
	if (!missing)
		return reply_with(reply, LAYER_FAILED, "the engine did not say which image this is");
	snprintf(reply->message, sizeof reply->message, "the image %.100s is missing: run cee-lang build %.100s",
		 l->image, l->name);
	return LAYER_FAILED;
}

static void image_answered(void *arg, const char *image, const char *id, bool missing)
{
	struct layer_builds *bs = arg;
	struct layer_waiter *list = take_unnamed(bs, image);

	while (list) {
		struct layer_waiter *w = list;
		struct layer_reply reply = { .fd = -1 };
		enum layer_answer a;

		list = w->next;
		a = resolve_image(bs, w, id, missing, &reply);
		if (a != LAYER_PENDING)
			answer(w, a, &reply);
	}
	begin_more(bs);
}

static enum layer_answer ask_image(struct layer_builds *bs, struct layer_waiter *w, struct layer_reply *reply)
{
	if (!image_ids_ask(bs->images, w->request.lang->image, image_answered, bs))
		return reply_with(reply, LAYER_FAILED, "out of memory");
	waiters_add(&bs->unnamed, w);
	return LAYER_PENDING;
}

/* ---- from outside -------------------------------------------------------------------------------------- */

enum layer_answer layer_builds_ask(struct layer_builds *bs, const struct layer_request *r, struct layer_reply *reply,
				   struct layer_waiter **waiter)
{
	struct layer_waiter *w;
	enum layer_answer a;
	const char *id;

	*reply = (struct layer_reply){ .fd = -1 };
	*waiter = NULL;
	if (bs->store.dir < 0)
		return reply_with(reply, LAYER_FAILED, bs->store_error.msg);
	if (!r->lang->layer.grammar)
		return reply_with(reply, LAYER_REFUSED, "packages: this language takes none here");
	w = calloc(1, sizeof *w);
	if (!w)
		return reply_with(reply, LAYER_FAILED, "out of memory");
	w->request = *r;
	snprintf(w->owner, sizeof w->owner, "%s", r->owner);
	id = image_ids_get(bs->images, r->lang->image);
	a = id ? resolve(bs, w, id, reply) : ask_image(bs, w, reply);
	if (a != LAYER_PENDING) {
		free(w);
		return a;
	}
	*waiter = w;
	loop_after(&bs->begin, 1); /* done is called from the loop, after the caller has this answer */
	return a;
}

void layer_builds_forget(struct layer_builds *bs, struct layer_waiter *w)
{
	struct layer_build *b = w ? w->build : NULL;

	if (!w)
		return;
	waiters_remove(b ? &b->waiters : &bs->unnamed, w);
	free(w);
	if (!b)
		return;
	if (b->waiters) {
		snprintf(b->owner, sizeof b->owner, "%s", b->waiters->owner);
		return;
	}
	builds_remove(bs, b);
	layer_build_abandon(b);
	begin_more(bs);
}

void layer_builds_drain(struct layer_builds *bs)
{
	while (bs->first)
		layer_build_fail(bs->first, "the engine went away");
}

static void open_store(struct layer_builds *bs)
{
	const char *path = bs->host.config->conf.layers;

	if (bs->store.dir >= 0 && strcmp(bs->store.path, path) == 0)
		return;
	layers_close(&bs->store);
	if (layers_open(&bs->store, path, true, &bs->store_error) < 0)
		log_event("layers", "trouble", bs->store_error.msg, "remedy",
			  "jobs with packages fail until layers can be made there", NULL);
	boxes_set_layers(bs->host.boxes, bs->store.dir >= 0 ? bs->store.path : NULL);
}

void layer_builds_reconfigure(struct layer_builds *bs, const struct config *c)
{
	bs->host.config = c;
	open_store(bs);
}

void layer_builds_init(struct layer_builds *bs, struct boxes *boxes, struct image_ids *images, const struct config *c)
{
	*bs = (struct layer_builds){ .host = { .boxes = boxes,
					       .store = &bs->store,
					       .config = c,
					       .waiting = build_waiting,
					       .ended = build_ended,
					       .arg = bs },
				     .images = images,
				     .store = LAYERS_NONE };
	timer_init(&bs->prune, boxes->loop, prune_due);
	timer_init(&bs->begin, boxes->loop, begin_due);
	open_store(bs);
	prune_now(bs);
}

void layer_builds_release(struct layer_builds *bs)
{
	layer_builds_drain(bs);
	while (bs->unnamed) {
		struct layer_waiter *w = bs->unnamed;

		bs->unnamed = w->next;
		free(w);
	}
	pruner_end(&bs->pruner);
	layers_close(&bs->store);
	refusals_release(&bs->refusals);
	loop_timer(&bs->prune, 0);
	loop_timer(&bs->begin, 0);
}
