/* images.h - what the images of the languages say of themselves */
#ifndef RUNNER_IMAGES_H
#define RUNNER_IMAGES_H

#include "runner/core/config.h"

#include <stdbool.h>

/* changed: which frameworks or versions a language has is known, or other than before. c's place stays. */
void images_init(struct config *c, void (*changed)(void));
/* Asks the engine now, and again each minute. */
void images_look(void);
void images_end(void);

/* The engine's id of an image, if it was heard in the last two seconds; else NULL, and one asks.
 * Good until the loop goes on. */
const char *images_id(const char *image);
/* missing: the engine has no such image. Else without id: it did not say. */
typedef void image_told(const char *image, const char *id, bool missing);
/* Asks for it: told hears of it once, from the loop, however often it was asked for meanwhile (all
 * who ask give the same). false ENOMEM. */
bool images_ask_id(const char *image, image_told *told);
#endif
