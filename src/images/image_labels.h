/* image_labels.h - labels that say which frameworks and versions an image has */
#ifndef CEE_IMAGES_IMAGE_LABELS_H
#define CEE_IMAGES_IMAGE_LABELS_H

#include "base/error.h"
#include "images/work.h"
#include "job/language.h"

/* Reads what the new image says of itself and builds it once more with these labels. */
int labels_add(struct work *w, const struct lang *l, struct cee_err *err);

#endif
