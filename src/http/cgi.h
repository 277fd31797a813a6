/* cgi.h - a request as a web server hands it over: CGI/1.1, RFC 3875
 *
 * The parser does no I/O: it looks at the environment's strings, all of which may have
 * been chosen by somebody hostile, and bounds, decodes and checks them.
 */
#ifndef CEE_CGI_H
#define CEE_CGI_H

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* M(id, text): the methods that routes use; others are METHOD_OTHER and get 405. */
#define METHODS(M) M(GET, "GET") M(HEAD, "HEAD") M(POST, "POST") M(PUT, "PUT") M(DELETE, "DELETE") M(OPTIONS, "OPTIONS")
enum method {
#define M(id, text) METHOD_##id,
	METHODS(M)
#undef M
		METHOD_OTHER,
	METHOD_COUNT
};
extern const char *const method_name[METHOD_COUNT];

enum {
	CGI_VARIABLES = 512,	  /* variables of the environment */
	CGI_VARIABLE_MAX = 16384, /* bytes of one */
	CGI_PATH_MAX = 4096,
	CGI_PARAMS_MAX = 64
};

struct cgi_param {
	char *name, *value;
}; /* decoded */
struct cgi {
	char *const *env; /* the caller's, "NAME=value", NULL at the end */
	enum method method;
	char *path;   /* beneath the program: begins with '/', decoded by the server */
	char *prefix; /* the program's own path, "" or "/cee": no '/' at its end */
	struct cgi_param *query;
	size_t nquery;
	int64_t length; /* of the body; -1: not given, so no body may be read */
};
/* Returns 0, or the HTTP status of the error response, with the reason in e. Release it in either
 * case. */
int cgi_parse(struct cgi *q, char *const *env, struct cee_err *e);
void cgi_release(struct cgi *q);
/* A variable's value, NULL where it is absent or empty: "REMOTE_USER", "HTTP_ACCEPT" */
const char *cgi_variable(const struct cgi *q, const char *name);
/* The first parameter of that name, or NULL; "" where it has no value. */
const char *cgi_query(const struct cgi *q, const char *name);
/* Reads %XX of s (and '+' as a space when plus) in place. -1: not well-formed, or a NUL. */
int cgi_unescape(char *s, bool plus);
/* Appends s so that it can stand in a path ('/' stays) or, with part, in a query. */
int cgi_escape(struct buf *b, const char *s, bool part);
/* Does the media type stand in an Accept header's value with a quality above 0? Wildcards do not
 * count: a client that does not name a type gets the default one. */
bool cgi_accepts(const char *accept, const char *type);

/* Does the body have this media type, with any parameters? */
bool cgi_content_type(const struct cgi *q, const char *type);

#endif
