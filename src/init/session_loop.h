/* session_loop.h - waiting: the one poll of cee-init */
#ifndef CEE_INIT_SESSION_LOOP_H
#define CEE_INIT_SESSION_LOOP_H

#include "init/session.h"

/* input: frames from the runner, non-blocking. children: a signalfd of SIGCHLD. Returns when the
 * runner has gone (0) or s->fatal says why nothing goes on (-1). */
int session_loop(struct session *s, int input, int children);

#endif
