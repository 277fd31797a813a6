/* request.h - one request of cee-http: who asks, what for, and the ways to answer
 *
 * A route (route.c) names a handler; a handler looks at struct web and calls exactly one
 * of the answer functions. It need not check who may: route_dispatch has done so, and
 * w->c.owner is the owner whose tasks, and no others, the caller may see.
 */
#ifndef CEE_HTTP_REQUEST_H
#define CEE_HTTP_REQUEST_H

#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "cli/client.h"
#include "conf/token.h"
#include "http/cgi.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* What a route may ask for besides a scope: any of them. */
enum { SCOPE_ANY = 1u << SCOPE_BITS };

struct route;
struct web {
	struct cgi q;
	struct client c; /* configuration, spool (open from the dispatch on), the caller's owner */
	unsigned scopes; /* what the caller may do */
	bool anonymous;	 /* the owner is anon: an id is all that says whose a task is */
	bool ready;	 /* conf and spool are there */
	const struct route *route;
	char id[ID_LEN + 1]; /* {id} of the route */
	const char *rest;    /* {rest} of the route, decoded */
	struct buf headers;  /* header lines besides those of every answer */
	bool begun;	     /* the answer's header is written */
};

/* ---- routes (route.c) ------------------------------------------------------------ */

typedef void (*web_fn)(struct web *w);
struct route {
	enum method method;  /* GET is HEAD's too */
	const char *pattern; /* "/tasks/{id}/files/{rest}": {rest} is all that follows, at least a byte */
	unsigned needs;	     /* SCOPE_… */
	web_fn fn;
};
/* Finds the route, asks auth.c, and calls its handler; or answers what is wrong. */
void route_dispatch(struct web *w);
/* Is there a pattern that path has? For the route table's own unit test; w gets id and rest. */
bool route_match(const char *pattern, const char *path, char id[ID_LEN + 1], const char **rest);

/* ---- who (auth.c) ---------------------------------------------------------------- */

/* Who asks, and may they? Sets owner, scopes and anonymous and returns true, or has answered. */
bool auth_allow(struct web *w, unsigned needs);
/* The owner's name of a user, or of one who asks through an application; user may be NULL. -1 */
int auth_owner(char owner[OWNER_MAX], const char *realm, const char *name, const char *user);

/* ---- pages of other origins (cors.c) ---------------------------------------------- */

/* The headers of any answer, by http_origins. */
void cors_headers(struct web *w);
/* A browser asks before a request: what it may send. allow is a list of methods. */
void cors_preflight(struct web *w, const char *allow);

/* ---- answers (answer.c) ----------------------------------------------------------- */

/* A header line of the answer to come. Control characters in it end the line there. */
void answer_header(struct web *w, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void answer_json(struct web *w, int status, const struct buf *body);
void answer_text(struct web *w, int status, const char *type, const char *data, size_t len);
/* RFC 9457: {"title","status","detail"}. 400's title is the first engine's. */
void answer_problem(struct web *w, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* By errno of the library: 404, 409, 429, 503, … and e's message. */
void answer_error(struct web *w, int err, const struct cee_err *e);
void answer_empty(struct web *w, int status);
/* For what is written bit by bit: the header, with a length unless that is -1, then the data.
 * answer_write: -1, nobody reads any more. It writes nothing to a HEAD. */
void answer_begin(struct web *w, int status, const char *type, int64_t length);
int answer_write(struct web *w, const void *data, size_t len);
/* Out of memory and its like: 500, and the end of the process. */
void answer_die(struct web *w) __attribute__((noreturn));
const char *answer_reason(int status);
/* Appends data as a JSON string, whatever it is: what is no UTF-8 becomes U+FFFD. */
int answer_quote(struct buf *b, const char *data, size_t len);
/* The task's address beneath the prefix: PREFIX/tasks/ID */
void answer_location(struct web *w, const char *id);

/* ---- handlers ------------------------------------------------------------------------ */

void about_health(struct web *w);    /* GET /healthz */
void about_openapi(struct web *w);   /* GET /openapi.json */
void about_metrics(struct web *w);   /* GET /metrics */
void about_languages(struct web *w); /* GET /languages */
void tasks_post(struct web *w);	     /* POST /tasks */
void tasks_list(struct web *w);	     /* GET /tasks */
void tasks_get(struct web *w);	     /* GET /tasks/{id} */
void events_get(struct web *w);	     /* GET /tasks/{id}/events */
void tasks_job(struct web *w);	     /* GET /tasks/{id}/job */
void tasks_delete(struct web *w);    /* DELETE /tasks/{id} */
void raw_stdout(struct web *w);	     /* GET /tasks/{id}/stdout */
void raw_stderr(struct web *w);	     /* GET /tasks/{id}/stderr */
void files_list(struct web *w);	     /* GET /tasks/{id}/files */
void files_get(struct web *w);	     /* GET /tasks/{id}/files/{rest} */
void input_post(struct web *w);	     /* POST /tasks/{id}/stdin */
void page_index(struct web *w);	     /* GET / */
void page_part(struct web *w);	     /* GET /page/{rest} */
void page_embed(struct web *w);	     /* GET /embed.js */

/* raw.c, for its unit test: 1 and the range, 0 none that counts, -1 it cannot be satisfied. */
int raw_range(const char *header, int64_t size, int64_t *first, int64_t *last);
#endif
