/* image_ids.c - ids and labels of the languages' images
 *
 * The label cee.frameworks of an image lists the frameworks of its language that it contains (cee-lang writes it);
 * only these are published to submitters. cee.runtimes has the runtime of each, for results. cee.versions lists the
 * image's versions, for languages whose file has none; cee.registry the hosts of its package client's registry. If an image or its labels are missing, the language remains as
 * in its file.
 *
 * Layers of packages belong to an image's id (layers/layer_builds.c). An id is cached for two seconds only, so that a
 * rebuilt image with the same name is noticed. Concurrent requests for an id share one request to the engine.
 */
#include "runner/box/image_ids.h"
#include "base/buf.h"
#include "base/loop.h"
#include "engine/engine.h"
#include "job/language.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "runner/core/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


enum { LOOK_US = 60000000, BELIEVED_US = 2000000 };

struct known_image {
	struct image_ids *ids;
	char *name, *id;      /* id NULL: not known */
	int64_t when;	      /* mono_us when the id was received */
	image_ids_done *done; /* set while a request to the engine is pending */
	void *arg;
	struct known_image *next;
};

/* A request for the labels of an image. */
struct label_request {
	struct image_ids *ids;
	char image[];
};

/* ---- labels -------------------------------------------------------------------- */

static bool take_frameworks(struct lang *l, const char *frameworks, const char *runtimes)
{
	lang_set_runtimes(l, runtimes);
	if (strcmp(l->available ? l->available : "", frameworks ? frameworks : "") == 0)
		return false;
	return lang_set_available(l, frameworks) == 0;
}

/* versions: NULL if the image does not exist. */
static bool take_versions(struct lang *l, const char *versions)
{
	AUTO_FREE char *before = l->image_versions ? strdup(l->image_versions) : NULL;

	if (lang_set_versions(l, versions) < 0)
		return false;
	return !before != !l->image_versions || (before && strcmp(before, l->image_versions) != 0);
}

static const char *label(const struct engine_image *i, const char *name)
{
	return i ? engine_label(i->labels, i->nlabels, name) : "";
}

/* The languages may have been reloaded since the request, so they are found by the image's name. i is NULL if the
 * image does not exist. */
static bool take(struct config *config, const char *image, const struct engine_image *i)
{
	const char *frameworks = label(i, "cee.frameworks"), *runtimes = label(i, "cee.runtimes"),
		   *registry = label(i, "cee.registry");
	bool changed = false;

	for (size_t k = 0; k < config->langs.n; k++) {
		struct lang *l = &config->langs.l[k];

		if (strcmp(l->image, image) != 0)
			continue;
		changed |= l->nframeworks &&
			   take_frameworks(l, *frameworks ? frameworks : NULL, *runtimes ? runtimes : NULL);
		lang_set_registry(l, *registry ? registry : NULL);
		changed |= take_versions(l, i ? label(i, "cee.versions") : NULL);
	}
	return changed;
}

static void take_labels(struct image_ids *ids, const char *image, const struct engine_answer *a)
{
	struct config *config = ids->config;
	char *published;

	if ((a->result != ENGINE_OK && a->result != ENGINE_MISSING) || !take(config, image, a->image))
		return;
	published = lang_publish(&config->langs);
	if (!published)
		return;
	free(config->published);
	config->published = published;
	ids->changed(ids->arg);
}

static void answered(void *arg, const struct engine_answer *a)
{
	AUTO_FREE struct label_request *r = arg;

	take_labels(r->ids, r->image, a);
}

static void ask_labels(struct image_ids *ids, const char *image)
{
	struct label_request *r = malloc(sizeof(*r) + strlen(image) + 1);

	if (!r)
		return; /* asked again in a minute */
	r->ids = ids;
	strcpy(r->image, image);
	if (!engine_ask(ids->engine, &(struct engine_request){ .op = ENGINE_IMAGE, .name = image }, answered, r))
		free(r);
}

void image_ids_look(struct image_ids *ids)
{
	const struct langs *l = &ids->config->langs;

	for (size_t i = 0; engine_up(ids->engine) && i < l->n; i++)
		if (l->l[i].nframeworks || !l->l[i].nversions)
			ask_labels(ids, l->l[i].image);
	loop_after(&ids->again, LOOK_US);
}

static void look(struct timer *t)
{
	image_ids_look((struct image_ids *)((char *)t - offsetof(struct image_ids, again)));
}

void image_ids_init(struct image_ids *ids, struct loop *l, struct engine *en, struct config *c)
{
	*ids = (struct image_ids){ .engine = en, .config = c };
	timer_init(&ids->again, l, look);
}

void image_ids_on_change(struct image_ids *ids, void (*changed)(void *arg), void *arg)
{
	ids->changed = changed;
	ids->arg = arg;
}

/* ---- ids ----------------------------------------------------------------------- */

static struct known_image *known_find(const struct image_ids *ids, const char *name)
{
	struct known_image *i = ids->known;

	while (i && strcmp(i->name, name) != 0)
		i = i->next;
	return i;
}

static struct known_image *known_add(struct image_ids *ids, const char *name)
{
	struct known_image *i = calloc(1, sizeof *i);

	if (i && (i->name = strdup(name))) {
		i->ids = ids;
		i->next = ids->known;
		ids->known = i;
		return i;
	}
	free(i);
	return NULL;
}

static void id_answered(void *arg, const struct engine_answer *a)
{
	struct known_image *i = arg;
	image_ids_done *done = i->done;

	i->done = NULL;
	take_labels(i->ids, i->name, a); /* a layer is built with what its own image says */
	free(i->id);
	i->id = a->result == ENGINE_OK ? strdup(a->image->id) : NULL;
	i->when = loop_now(i->ids->again.loop);
	done(i->arg, i->name, i->id, a->result == ENGINE_MISSING);
}

const char *image_ids_get(const struct image_ids *ids, const char *image)
{
	const struct known_image *i = known_find(ids, image);

	return i && loop_now(ids->again.loop) - i->when < BELIEVED_US ? i->id : NULL;
}

bool image_ids_ask(struct image_ids *ids, const char *image, image_ids_done *done, void *arg)
{
	struct known_image *i = known_find(ids, image);

	if (!i && !(i = known_add(ids, image)))
		return false;
	if (!i->done &&
	    !engine_ask(ids->engine, &(struct engine_request){ .op = ENGINE_IMAGE, .name = i->name }, id_answered, i))
		return false;
	i->done = done;
	i->arg = arg;
	return true;
}

void image_ids_release(struct image_ids *ids)
{
	loop_timer(&ids->again, 0);
	while (ids->known) {
		struct known_image *i = ids->known;

		ids->known = i->next;
		free(i->name);
		free(i->id);
		free(i);
	}
}
