/* image_upload.h - a build: its request, and its context sent to the engine */
#ifndef CEE_IMAGES_IMAGE_UPLOAD_H
#define CEE_IMAGES_IMAGE_UPLOAD_H

#include "base/error.h"
#include "engine/engine.h"
#include "images/dockerfile.h"
#include "images/work.h"
#include "job/language.h"

#include <stddef.h>

/* Builds the image of l from the context, with these labels; those without a value are left out. */
int image_build_request(struct work *w, const struct lang *l, const struct engine_label *labels, size_t nlabels,
			struct context *c, struct cee_err *err);
/* Sends the context of an ENGINE_BUILD and reports progress; -1 also when the build fails. */
int context_send(struct work *w, const struct engine_request *build, struct context *c, struct cee_err *err);

#endif
