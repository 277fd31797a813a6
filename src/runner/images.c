/* images.c - what the images of the languages say of themselves
 *
 * The label cee.frameworks of an image names those of its language's frameworks that it
 * has (cee-lang writes it); submitters are told of no others. cee.runtimes says what each
 * of them runs on, for results. An image that is not there
 * or says nothing leaves the language as its file has it.
 */
#include "images.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "loop.h"

enum { LOOK_US = 60000000 };

static struct config *config;
static void (*on_change)(void);
static struct timer again;

/* Languages may have been read anew since it was asked: they are found by the image's name. */
static bool take(const char *image, const char *frameworks, const char *runtimes)
{
	bool changed = false;

	for (size_t i = 0; i < config->langs.n; i++) {
		struct lang *l = &config->langs.l[i];

		if (!l->nframeworks || strcmp(l->image, image) != 0)
			continue;
		lang_set_runtimes(l, runtimes);
		if (strcmp(l->available ? l->available : "", frameworks ? frameworks : "") == 0)
			continue;
		changed |= lang_set_available(l, frameworks) == 0;
	}
	return changed;
}

static void answered(void *arg, int status, const char *body, size_t len)
{
	AUTO_FREE char *image = arg;
	cJSON *o = status == 200 ? cJSON_ParseWithLength(body, len) : NULL;
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(o, "Config"), "Labels");
	const char *frameworks = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "cee.frameworks"));
	const char *runtimes = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(labels, "cee.runtimes"));
	char *published;

	if ((status == 200 || status == 404) && take(image, frameworks, runtimes)) {
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
		char *image = l->nframeworks ? strdup(l->image) : NULL;

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
