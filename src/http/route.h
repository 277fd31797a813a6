/* route.h - the table of routes: which handler answers which method and path */
#ifndef CEE_HTTP_ROUTE_H
#define CEE_HTTP_ROUTE_H

#include "base/id.h"
#include "conf/token.h"
#include "http/cgi.h"
#include "http/request.h"

#include <stdbool.h>

/* What a route may ask for besides a scope: any of them. */
enum { SCOPE_ANY = 1u << SCOPE_BITS };

struct route {
	enum method method;  /* GET serves HEAD too */
	const char *pattern; /* "/tasks/{id}/files/{rest}": {rest} is all that follows, at least one byte */
	unsigned needs;	     /* SCOPE_… */
	void (*answer)(struct request *rq);
};
/* Reads the configuration, opens the spool, finds the route, asks auth.c and calls the handler; or answers
 * with the error. */
void route_dispatch(struct request *rq);
/* Does path match pattern? Then id and rest are set. For the table's own unit test. */
bool route_match(const char *pattern, const char *path, char id[ID_LEN + 1], const char **rest);

#endif
