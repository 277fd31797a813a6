/* image_ids.h - ids and labels of the languages' images */
#ifndef RUNNER_IMAGE_IDS_H
#define RUNNER_IMAGE_IDS_H

#include "base/loop.h"
#include "engine/engine.h"
#include "runner/core/config.h"

#include <stdbool.h>

struct image_ids {
	struct engine *engine;
	struct config *config;
	struct timer again;
	struct known_image *known;
	void (*changed)(void *arg);
	void *arg;
};

/* changed(arg): the frameworks or versions of a language became known or have changed. c is modified, and must remain
 * valid. */
void image_ids_init(struct image_ids *ids, struct loop *l, struct engine *en, struct config *c);
void image_ids_on_change(struct image_ids *ids, void (*changed)(void *arg), void *arg);
/* Asks the engine for the labels of all images now, and again each minute. */
void image_ids_look(struct image_ids *ids);
void image_ids_release(struct image_ids *ids);

/* The engine's id of an image if it was received in the last two seconds; else NULL: use image_ids_ask. Valid until
 * control returns to the loop. */
const char *image_ids_get(const struct image_ids *ids, const char *image);
/* missing: the engine has no such image. id is NULL without missing when the engine did not answer. */
typedef void image_ids_done(void *arg, const char *image, const char *id, bool missing);
/* Asks the engine: done is called once, from the loop, even if the image is asked for again meanwhile (all callers
 * must pass the same done and arg). false ENOMEM. */
bool image_ids_ask(struct image_ids *ids, const char *image, image_ids_done *done, void *arg);
#endif
