/* layer_command.h - cee-lang layer and prune: builds, lists, checks and removes layers of packages */
#ifndef CEE_IMAGES_LAYER_COMMAND_H
#define CEE_IMAGES_LAYER_COMMAND_H

#include "conf/conf.h"
#include "job/language.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each prints its results and errors, and returns an exit status. */
int layers_list(const struct conf *c, bool json);
/* Reads every file of every layer, and removes damaged layers. */
int layers_check_all(const struct conf *c);
/* Removes unused layers until at most max bytes are left; -1: layers_max. */
int layers_prune_now(const struct conf *c, int64_t max);
/* Has a runner build the layer of these NAME@VERSION, by a job that checks the language's hello. */
int layers_make(const struct conf *c, const struct lang *l, const char *framework, char **packages, size_t n);
#endif
