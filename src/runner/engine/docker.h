/* engine.h - plain requests to the Docker Engine API (1.41 and later) */
#ifndef RUNNER_ENGINE_H
#define RUNNER_ENGINE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>


/* status is HTTP's, 0 when the engine did not answer (body is then the reason). */
typedef void (*engine_done)(void *arg, int status, const char *body, size_t len);

/* host: "unix:///path" or "tcp://address:port". changed(up) is called from the
 * loop whenever the engine comes (up, with the API version agreed) or goes, and once
 * with the first answer, whatever it is. */
int engine_init(const char *host, void (*changed)(bool up), struct cee_err *e);
void engine_release(void);
bool engine_up(void);
const char *engine_trouble(void); /* why it is not up, one line; "" */
bool engine_old(void);		  /* it answers, but its API is older than 1.41 */
const char *engine_api(void);	  /* "1.41"; "" before the engine was seen */

/* path begins behind the version: "/containers/create?…". body is JSON or NULL, copied.
 * NULL only when memory is out; otherwise done is called once, from the loop. */
struct engine_call;
struct engine_call *engine_request(const char *method, const char *path, const char *body, long timeout_ms,
				   engine_done done, void *arg);
/* The request goes on, its answer is not wanted any more. */
void engine_forget(struct engine_call *c);
/* A connection of its own to the engine, non-blocking; -1 and errno. */
int engine_connect(void);
/* "message" of an error answer, else the beginning of the body; malloc'ed. */
char *engine_message(int status, const char *body, size_t len);
#endif
