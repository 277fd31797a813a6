/* image_ids.c - what the images of the languages say of themselves
 *
 * The label cee.frameworks of an image names those of its language's frameworks that it
 * has (cee-lang writes it); submitters are told of no others. cee.runtimes says what each
 * of them runs on, for results. cee.versions names its versions, where the file has none.
 * An image that is not there or says nothing leaves the language as its file has it.
 *
 * An image's id is what layers of packages are made for (layers.c). It is believed for two
 * seconds only, so that an image that was made anew under its name is seen as another; however
 * many want it, it is asked for once.
 */
#include "runner/box/image_ids.h"
#include "base/buf.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "job/language.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "job/languages.h"
#include "runner/core/config.h"

#include <cjson/cJSON.h>
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
	int64_t when;	      /* mono_us of what is known */
	image_ids_done *done; /* while the engine is asked */
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

/* versions: NULL where the image is not there. */
static bool take_versions(struct lang *l, const char *versions)
{
	AUTO_FREE char *before = l->told_versions ? strdup(l->told_versions) : NULL;

	if (lang_set_versions(l, versions) < 0)
		return false;
	return !before != !l->told_versions || (before && strcmp(before, l->told_versions) != 0);
}

/* Languages may have been read anew since it was asked: they are found by the image's name. */
static bool take(struct config *config, const char *image, const cJSON *labels, bool there)
{
	const char *frameworks = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "cee.frameworks"));
	const char *runtimes = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "cee.runtimes"));
	const char *versions = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "cee.versions"));
	bool changed = false;

	for (size_t i = 0; i < config->langs.n; i++) {
		struct lang *l = &config->langs.l[i];

		if (strcmp(l->image, image) != 0)
			continue;
		changed |= l->nframeworks && take_frameworks(l, frameworks, runtimes);
		changed |= take_versions(l, !there ? NULL : versions ? versions : "");
	}
	return changed;
}

static void answered(void *arg, int status, const char *body, size_t len)
{
	AUTO_FREE struct label_request *r = arg;
	struct image_ids *ids = r->ids;
	struct config *config = ids->config;
	cJSON *o = status == 200 ? cJSON_ParseWithLength(body, len) : NULL;
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "Config"), "Labels");
	char *published;

	if ((status == 200 || status == 404) && take(config, r->image, labels, status == 200)) {
		published = lang_publish(&config->langs);
		if (published) {
			free(config->published);
			config->published = published;
			ids->changed(ids->arg);
		}
	}
	cJSON_Delete(o);
}

static void ask_labels(struct image_ids *ids, const char *image)
{
	struct label_request *r = malloc(sizeof(*r) + strlen(image) + 1);
	char path[400];

	if (!r)
		return; /* asked again in a minute */
	r->ids = ids;
	strcpy(r->image, image);
	snprintf(path, sizeof(path), "/images/%s/json", image);
	if (!engine_request(ids->engine, "GET", path, NULL, 20000, answered, r))
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

static void id_answered(void *arg, int status, const char *body, size_t len)
{
	struct known_image *i = arg;
	image_ids_done *done = i->done;
	cJSON *o = status == 200 ? cJSON_ParseWithLength(body, len) : NULL;
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "Id"));

	i->done = NULL;
	free(i->id);
	i->id = id && strlen(id) < 100 ? strdup(id) : NULL;
	i->when = loop_now(i->ids->again.loop);
	cJSON_Delete(o);
	done(i->arg, i->name, i->id, status == 404);
}

const char *image_ids_get(const struct image_ids *ids, const char *image)
{
	const struct known_image *i = known_find(ids, image);

	return i && loop_now(ids->again.loop) - i->when < BELIEVED_US ? i->id : NULL;
}

bool image_ids_ask(struct image_ids *ids, const char *image, image_ids_done *done, void *arg)
{
	struct known_image *i = known_find(ids, image);
	char path[400];

	if (!i && !(i = known_add(ids, image)))
		return false;
	snprintf(path, sizeof path, "/images/%s/json", i->name);
	if (!i->done && !engine_request(ids->engine, "GET", path, NULL, 20000, id_answered, i))
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
