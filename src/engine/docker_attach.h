/* docker_attach.h - attached streams of a Docker Engine, for docker.c's table of operations */
#ifndef ENGINE_DOCKER_ATTACH_H
#define ENGINE_DOCKER_ATTACH_H

#include "engine/engine.h"

struct attach;

int docker_attach(struct engine *en, struct attach *a, const char *container);
void docker_attach_flush(struct attach *a);
void docker_attach_close(struct attach *a);
#endif
