/* dockerfile.h - the Dockerfile of a language, and the files of the host that go with it */
#ifndef CEE_IMAGES_DOCKERFILE_H
#define CEE_IMAGES_DOCKERFILE_H

#include "base/buf.h"
#include "base/error.h"
#include "images/image_digest.h"
#include "job/language.h"

#include <stddef.h>

enum { CONTEXT_MAX = 64 };
/* The files that are copied from the host into an image. */
struct context {
	const char *dockerfile;	      /* the caller's */
	char *paths[CONTEXT_MAX];     /* malloc'ed */
	const char *tos[CONTEXT_MAX]; /* owned by the language */
	size_t n, first_beside;
};
/* Finds the files of the host; -1 ENOENT where one that is required is missing. */
int context_find(struct context *c, const struct lang *l, struct origin o, struct cee_err *err);
void context_release(struct context *c);
int dockerfile_make(struct buf *b, const struct lang *l, const struct context *c, struct origin o, const char *with,
		    struct cee_err *err);

#endif
