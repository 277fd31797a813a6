/* gate_image.h - the image of gates (runner/box/gate.h), which is built as languages' images are */
#ifndef CEE_IMAGES_GATE_IMAGE_H
#define CEE_IMAGES_GATE_IMAGE_H

#include "conf/conf.h"
#include "job/language.h"

#define GATE_NAME "gate" /* for cee-lang build; no language may be called so */

/* The description of the image; borrows from c, and is not to be released. */
struct lang gate_image(const struct conf *c);

#endif
