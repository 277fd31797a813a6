/* images.c - what the images of the languages say of themselves
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
#include "base/clock.h"
#include "job/language.h"
#include "job/language_image.h"
#include "job/language_publish.h"
#include "runner/core/config.h"
#include "runner/core/loop.h"
#include "runner/engine/docker.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


enum { LOOK_US = 60000000, BELIEVED_US = 2000000 };

struct known_image {
	char *name, *id;  /* id NULL: not known */
	int64_t when;	  /* mono_us of what is known */
	image_told *told; /* while the engine is asked */
	struct known_image *next;
};

static struct config *config;
static void (*on_change)(void);
static struct timer again;
static struct known_image *known;

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
static bool take(const char *image, const cJSON *labels, bool there)
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
	AUTO_FREE char *image = arg;
	cJSON *o = status == 200 ? cJSON_ParseWithLength(body, len) : NULL;
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "Config"), "Labels");
	char *published;

	if ((status == 200 || status == 404) && take(image, labels, status == 200)) {
		published = lang_publish(&config->langs);
		if (published) {
			free(config->published);
			config->published = published;
			on_change();
		}
	}
	cJSON_Delete(o);
}

void images_look(void)
{
	char path[400];

	for (size_t i = 0; engine_up() && i < config->langs.n; i++) {
		const struct lang *l = &config->langs.l[i];
		char *image = l->nframeworks || !l->nversions ? strdup(l->image) : NULL;

		if (!image)
			continue;
		snprintf(path, sizeof(path), "/images/%s/json", l->image);
		if (!engine_request("GET", path, NULL, 20000, answered, image))
			free(image);
	}
	loop_timer(&again, mono_us() + LOOK_US);
}

static void look(struct timer *t)
{
	(void)t;
	images_look();
}

void images_init(struct config *c, void (*changed)(void))
{
	config = c;
	on_change = changed;
	again.fire = look;
}

/* ---- ids ----------------------------------------------------------------------- */

static struct known_image *known_find(const char *name)
{
	struct known_image *i = known;

	while (i && strcmp(i->name, name) != 0)
		i = i->next;
	return i;
}

static struct known_image *known_add(const char *name)
{
	struct known_image *i = calloc(1, sizeof *i);

	if (i && (i->name = strdup(name))) {
		i->next = known;
		known = i;
		return i;
	}
	free(i);
	return NULL;
}

static void id_answered(void *arg, int status, const char *body, size_t len)
{
	struct known_image *i = arg;
	image_told *told = i->told;
	cJSON *o = status == 200 ? cJSON_ParseWithLength(body, len) : NULL;
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "Id"));

	i->told = NULL;
	free(i->id);
	i->id = id && strlen(id) < 100 ? strdup(id) : NULL;
	i->when = mono_us();
	cJSON_Delete(o);
	told(i->name, i->id, status == 404);
}

const char *images_id(const char *image)
{
	const struct known_image *i = known_find(image);

	return i && mono_us() - i->when < BELIEVED_US ? i->id : NULL;
}

bool images_ask_id(const char *image, image_told *told)
{
	struct known_image *i = known_find(image);
	char path[400];

	if (!i && !(i = known_add(image)))
		return false;
	snprintf(path, sizeof path, "/images/%s/json", i->name);
	if (!i->told && !engine_request("GET", path, NULL, 20000, id_answered, i))
		return false;
	i->told = told;
	return true;
}

void images_end(void)
{
	while (known) {
		struct known_image *i = known;

		known = i->next;
		free(i->name);
		free(i->id);
		free(i);
	}
}
