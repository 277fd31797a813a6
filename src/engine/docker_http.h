/* docker_http.h - HTTP requests to a Docker Engine, by libcurl's multi interface in the loop
 *
 * Answers are bounded: a body that is longer than HTTP_BODY_MAX, or a line of a stream than HTTP_LINE_MAX, ends
 * the request.
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
	long idle_s;			    /* so many seconds without a byte end it; 0: never */
	/* The body goes here a line at a time (without its newline) instead of to done. May be NULL. */
	void (*line)(void *arg, const char *text, size_t len);
	/* Once, from the loop. status is HTTP's; 0: no whole answer came, and body says why. */
	void (*done)(void *arg, int status, const char *body, size_t len);
	void *arg;
};

/* address: of a URL, "engine" with a socket_path. All are borrowed. NULL ENOMEM. */
struct docker_http *docker_http_new(struct loop *l, const char *socket_path, const char *address, const char *port);
void docker_http_free(struct docker_http *h); /* requests under way are given up */
/* NULL ENOMEM. */
struct http_call *docker_http_send(struct docker_http *h, const struct http_request *r);
/* Gives the request up: its connection is closed, done is not called. */
void docker_http_cancel(struct http_call *c);
#endif
