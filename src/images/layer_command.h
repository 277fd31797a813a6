/* layer_command.h - cee-lang layer and prune: layers of packages, made ahead, listed, checked, removed */
#ifndef CEE_IMAGES_LAYER_COMMAND_H
#define CEE_IMAGES_LAYER_COMMAND_H

#include "conf/conf.h"
#include "job/language.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns an exit status and has said what there is to say. */
int layers_list(const struct conf *c, bool json);
/* Reads all of every layer; one that is damaged is removed. */
int layers_check_all(const struct conf *c);
/* max -1: layers_max. */
int layers_prune_now(const struct conf *c, int64_t max);
/* Has a runner make the layer of these NAME@VERSION, by a job that checks the language's hello. */
int layers_make(const struct conf *c, const struct lang *l, const char *framework, char **packages, size_t n);
#endif
