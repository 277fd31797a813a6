/* images.h - what the images of the languages say of themselves */
#ifndef RUNNER_IMAGES_H
#define RUNNER_IMAGES_H
#include "config.h"

/* changed: which frameworks a language has is known, or other than before. c's place stays. */
void images_init(struct config *c, void (*changed)(void));
/* Asks the engine now, and again each minute. */
void images_look(void);
#endif
