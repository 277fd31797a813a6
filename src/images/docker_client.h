/* engine.h - a Docker Engine, one blocking call at a time: what cee-lang needs of it
 *
 * The runner has a client of its own (src/runner/engine.c), which never waits.
 * Here a person waits, so this one is plain: a call returns when it is answered.
 */
#ifndef CEE_LANG_ENGINE_H
#define CEE_LANG_ENGINE_H

#include "base/buf.h"
#include "base/error.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>

/* Set by a signal handler; the call under way is then given up (EINTR). */
extern volatile sig_atomic_t engine_interrupted;

struct engine {
	CURL *curl;
	char base[300]; /* http://HOST/vN.NN */
	bool tidying;	/* on the way out: engine_interrupted no longer counts */
};

/* host: unix:///PATH or tcp://HOST:PORT. Asks for the API's version. */
int engine_open(struct engine *e, const char *host, struct cee_err *err);
void engine_close(struct engine *e);

/* One request and its whole answer (bounded). body is JSON or NULL. Returns
 * the HTTP status, whatever it is, or -1. The caller releases answer. */
int engine_call(struct engine *e, const char *method, const char *path, const char *body, struct buf *answer,
		struct cee_err *err);

/* The engine's own words in an error answer, in a static buffer. */
const char *engine_error_text(const struct buf *answer);

/* Where an upload comes from. */
struct engine_source {
	const char *type; /* Content-Type */
	int fd;
	/* Called at the end of fd: 0 when all of it was there, -1 when the
	 * writer failed; the request is then given up instead of ended. */
	int (*finish)(void *arg);
	void *arg;
};

/* POST whose answer is a stream of JSON objects, one a line: each `stream` or
 * `status` text goes to say (may be NULL). An `error` object ends it with -1.
 * src may be NULL. idle: seconds without a byte after which it is given up, 0 never. */
typedef void (*engine_say_fn)(void *arg, const char *text);
int engine_post(struct engine *e, const char *path, const struct engine_source *src, int idle, engine_say_fn say,
		void *arg, struct cee_err *err);

/* s with what a query may not hold escaped, malloc'ed; NULL without memory. */
char *engine_escape(const char *s);

#endif
