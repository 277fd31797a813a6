/* image_inspect.h - the engine's data about an image */
#ifndef CEE_IMAGES_IMAGE_INSPECT_H
#define CEE_IMAGES_IMAGE_INSPECT_H

#include "base/error.h"
#include "images/engine_client.h"

#include <stdbool.h>
#include <stdint.h>

struct image {
	bool present;
	bool named; /* it has a name in some repository */
	char id[80];
	char source[200];     /* label cee.source, or "" */
	char digest[20];      /* label cee.digest */
	char with[400];	      /* label cee.with: names of cee-lang build --with, "," between, or "" */
	char frameworks[400]; /* label cee.frameworks: those of the language that it has, or "" */
	char versions[1100];  /* label cee.versions: those of the language, or "" */
	int64_t size;
};
/* Fills in *i; 0 also when there is no such image (present is false). */
int image_look(struct engine_client *e, const char *name, struct image *i, struct cee_err *err);
/* -1 EINVAL unless name can stand in a path of the API and in a FROM line as it is. */
int image_name_check(const char *name, struct cee_err *err);
/* Removes an image that lost its name to a newer one, unless it has another or a box uses it. */
void image_drop(struct engine_client *e, const char *id);

#endif
