/* gate_env.h - the environment by which programs find a box's gate and the certificate authorities */
#ifndef RUNNER_GATE_ENV_H
#define RUNNER_GATE_ENV_H

#include "engine/attach.h"

#include <stdbool.h>

/* Queues ENV frames. */
void gate_env_send(struct attach *a, bool proxy, bool authorities);

#endif
