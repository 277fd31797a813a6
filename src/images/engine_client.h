/* engine_client.h - an engine, one request at a time: each call returns when it is answered
 *
 * For cee-lang, where a person waits: a loop of its own serves the engine (engine/engine.h) until the answer is
 * there or a signal interrupts.
 */
#ifndef CEE_IMAGES_ENGINE_CLIENT_H
#define CEE_IMAGES_ENGINE_CLIENT_H

#include "base/error.h"
#include "base/loop.h"
#include "engine/docker.h"
#include "engine/engine.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Set by a signal handler; the current request is then cancelled (EINTR), and the engine cancels
 * its work for it. */
extern volatile sig_atomic_t engine_interrupted;

struct engine_client {
	struct loop loop;
	struct docker docker;
	struct timer tick; /* a signal that comes just before the loop waits is seen a little later */
	bool open;
	bool tidying; /* on the way out: engine_interrupted no longer counts */
};

/* host: unix:///PATH or tcp://HOST:PORT. -1 and *err: no engine answers there, or it is too old. */
int engine_client_open(struct engine_client *c, const char *host, struct cee_err *err);
void engine_client_close(struct engine_client *c); /* does nothing if it is not open */

/* 0: take(arg, answer), if it is given, was called. 1: ENGINE_MISSING. -1: another failure. *err says why it is
 * not 0; err may be NULL. */
int engine_client_ask(struct engine_client *c, const struct engine_request *r,
		      void (*take)(void *arg, const struct engine_answer *a), void *arg, struct cee_err *err);

/* The read of an engine_upload whose arg is a struct child: its output, whole only when it exits with 0. */
ssize_t engine_client_read_child(void *child, void *bytes, size_t size);

#endif
