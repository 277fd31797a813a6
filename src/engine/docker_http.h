/* docker_http.h - HTTP requests to a Docker Engine, by libcurl's multi interface in the loop
 *
 * Answers are bounded: a body longer than HTTP_BODY_MAX, or a line of a stream longer than HTTP_LINE_MAX, ends the
 * request.
 */
#ifndef ENGINE_DOCKER_HTTP_H
#define ENGINE_DOCKER_HTTP_H

#include "base/loop.h"
#include "engine/engine.h"

#include <stddef.h>

enum { HTTP_BODY_MAX = 8 << 20, HTTP_LINE_MAX = 1 << 20 };

struct docker_http;
struct http_call;

struct http_request {
	const char *method;
	const char *path;		    /* with its version */
	const char *body;		    /* JSON, copied; or NULL */
	const struct engine_upload *upload; /* or NULL; stays until done */
	long timeout_ms;		    /* 0: none */
	long idle_s;			    /* end the request after this many seconds without a byte; 0: never */
	/* Gets the body line by line (without the newlines); done then gets no body. May be NULL. */
	void (*line)(void *arg, const char *text, size_t len);
	/* Once, from the loop. status: of HTTP, or 0 if no complete answer was received; body is then the reason. */
	void (*done)(void *arg, int status, const char *body, size_t len);
	void *arg;
};

/* address: of a URL, "engine" with a socket_path. All are borrowed. NULL ENOMEM. */
struct docker_http *docker_http_new(struct loop *l, const char *socket_path, const char *address, const char *port);
void docker_http_free(struct docker_http *h); /* cancels the pending requests */
/* NULL ENOMEM. */
struct http_call *docker_http_send(struct docker_http *h, const struct http_request *r);
/* Cancels the request: its connection is closed, done is not called. */
void docker_http_cancel(struct http_call *c);
#endif
