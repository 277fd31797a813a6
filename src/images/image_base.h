/* image_base.h - cee/base, the small distribution that images stand on */
#ifndef CEE_IMAGES_IMAGE_BASE_H
#define CEE_IMAGES_IMAGE_BASE_H

#include "base/error.h"
#include "images/work.h"

#define IMAGE_BASE "cee/base"
/* Makes cee/base where it is missing or older than its sources; its id is then in w->base_id. */
int base_make(struct work *w, struct cee_err *err);

#endif
