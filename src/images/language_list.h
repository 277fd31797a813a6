/* language_list.h - cee-lang list: the languages, and whether their images are there */
#ifndef CEE_IMAGES_LANGUAGE_LIST_H
#define CEE_IMAGES_LANGUAGE_LIST_H

#include "images/lang_command.h"

/* Prints them; an exit status. */
int language_list(struct run *r);

#endif
