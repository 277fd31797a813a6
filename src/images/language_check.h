/* language_check.h - a language's hello world in a box, without a runner */
#ifndef CEE_IMAGES_LANGUAGE_CHECK_H
#define CEE_IMAGES_LANGUAGE_CHECK_H

#include "base/error.h"
#include "images/work.h"
#include "job/language.h"

/* Compiles and runs the language's hello. 0: it printed the expected text. */
int image_check(struct work *w, const struct lang *l, struct cee_err *err);

#endif
