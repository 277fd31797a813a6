/* image.h - the images that languages run in: pulled, built */
#ifndef CEE_IMAGES_IMAGE_H
#define CEE_IMAGES_IMAGE_H

#include "base/error.h"
#include "images/work.h"
#include "job/language.h"

/* Makes the image where it is missing or older than its sources. 1 made, 0 it was up to date. */
int image_build(struct work *w, const struct lang *l, struct cee_err *err);
/* Pulls source.pull and makes the image of it. As image_build; -1 and *err if the registry does not give it. */
int image_pull(struct work *w, const struct lang *l, struct cee_err *err);

#endif
