/* docker.h - plain requests to the Docker Engine API (1.41 and later) */
#ifndef ENGINE_DOCKER_H
#define ENGINE_DOCKER_H

#include "base/error.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* status is HTTP's, 0 when the engine did not answer (body is then the reason). */
typedef void (*engine_done)(void *arg, int status, const char *body, size_t len);

struct engine {
	struct loop *loop;
	void *multi; /* libcurl's */
	struct timer curl_timer, ping_timer;
	char *socket_path, *address, *port; /* unix or tcp */
	char api[16];
	bool up, pinging;
	bool asked, old;   /* an answer, or its absence, has come; its API is too old */
	char trouble[320]; /* why it is not up */
	int64_t errors;
	void (*changed)(void *arg, bool up);
	void *arg;
};

/* host: "unix:///path" or "tcp://address:port". changed is called from the loop whenever the engine
 * comes (up, with the API version agreed) or goes, and once with the first answer, whatever it is. */
int engine_init(struct engine *en, struct loop *l, const char *host, void (*changed)(void *arg, bool up), void *arg,
		struct cee_err *e);
void engine_release(struct engine *en);
bool engine_up(const struct engine *en);
const char *engine_trouble(const struct engine *en); /* why it is not up, one line; "" */
bool engine_old(const struct engine *en);	     /* it answers, but its API is older than 1.41 */
const char *engine_api(const struct engine *en);     /* "1.41"; "" before the engine was seen */
int64_t engine_errors(const struct engine *en);	     /* requests that it failed or did not answer */

/* path begins behind the version: "/containers/create?…". body is JSON or NULL, copied.
 * NULL only when memory is out; otherwise done is called once, from the loop. */
struct engine_call;
struct engine_call *engine_request(struct engine *en, const char *method, const char *path, const char *body,
				   long timeout_ms, engine_done done, void *arg);
/* The request goes on, its answer is not wanted any more. */
void engine_forget(struct engine_call *c);
/* A connection of its own to the engine, non-blocking; -1 and errno. */
int engine_connect(const struct engine *en);
/* "message" of an error answer, else the beginning of the body; malloc'ed. */
char *engine_message(int status, const char *body, size_t len);
#endif
