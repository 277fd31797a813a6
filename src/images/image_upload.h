/* image_upload.h - a build: its address, and its context sent to the engine */
#ifndef CEE_IMAGES_IMAGE_UPLOAD_H
#define CEE_IMAGES_IMAGE_UPLOAD_H

#include "base/buf.h"
#include "base/error.h"
#include "images/dockerfile.h"
#include "images/work.h"
#include "job/language.h"

/* Appends the address of the API with labels, build arguments and options; with may be NULL. */
int build_path(struct work *w, const struct lang *l, const char *source, const char *digest, const char *with,
	       struct buf *path);
/* Sends the context and reports progress; -1 also when the build fails. */
int context_send(struct work *w, const char *path, struct context *c, struct cee_err *err);

#endif
