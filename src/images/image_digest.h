/* image_digest.h - a digest of an image's sources, stored in a label */
#ifndef CEE_IMAGES_IMAGE_DIGEST_H
#define CEE_IMAGES_IMAGE_DIGEST_H

#include "base/error.h"
#include "images/image_inspect.h"
#include "images/work.h"
#include "job/language.h"

#include <stdbool.h>
#include <stddef.h>

/* Change this when cee-lang makes different images from the same sources. */
#define IMAGE_RECIPE "3"
#define FROM_PULL "pull "
#define FROM_DISTRIBUTION "distribution "

/* Which of a language's sources an image is made of. */
struct origin {
	enum { ORIGIN_HOST, ORIGIN_DISTRIBUTION, ORIGIN_PULL } kind; /* HOST: packages and host */
	/* the distribution's package, owned by the language; NULL: a package that the language no
	 * longer names */
	const char *package;
};
/* Is hostdirs[i] copied into an image of this origin? */
bool host_wanted(const struct lang *l, struct origin o, size_t i);
/* Writes the digest, 16 hexadecimal digits, of what an image of that origin is made of now. with: names of --with, ""
 * for none. w->base_id must be known, unless the image is pulled. */
void image_digest(struct work *w, const struct lang *l, struct origin o, const char *with, char out[17]);

enum { WITH_MAX = 400 };
/* The names of a comma-separated list, sorted, each once. -1: one is not a valid package name. */
int image_with(const char *list, char out[WITH_MAX], struct cee_err *err);
/* The names of --with, now or when the image was made; "" where the language does not know --with. */
const char *image_with_now(const struct work *w, const struct lang *l, const struct image *i);
/* Would the image be made of something else now? */
bool image_is_old(struct work *w, const struct lang *l, const struct image *i);

#endif
