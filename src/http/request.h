/* request.h - one request of cee-http: its input, its caller, and the state of its answer
 *
 * cee-http.c makes the one struct request of the process and passes it on. route_dispatch fills in what
 * a handler needs; a handler calls exactly one of the functions of answer.h. It need not check
 * permissions: route_dispatch has done so, and client.owner is the owner whose tasks, and no
 * others, the caller may see.
 */
#ifndef CEE_HTTP_REQUEST_H
#define CEE_HTTP_REQUEST_H

#include "base/buf.h"
#include "base/id.h"
#include "cli/client.h"
#include "http/cgi.h"
#include "http/reader.h"

#include <stdbool.h>

struct route;
struct request {
	struct cgi cgi;
	struct client client; /* configuration, spool (open from the dispatch on), the caller's owner */
	unsigned scopes;      /* what the caller may do */
	bool anonymous;	      /* the owner is anon: any anonymous caller may read a task whose id it knows */
	const struct route *route;
	char id[ID_LEN + 1]; /* {id} of the route */
	const char *rest;    /* {rest} of the route, decoded; points into cgi.path */
	struct buf headers;  /* header lines besides those of every answer */
	bool begun;	     /* the answer's header is written */
	/* For answer_die, when what was asked for is done: writes an answer that says so, without memory. Or NULL. */
	void (*answer_done)(struct request *rq, const void *arg);
	const void *answer_arg;
	struct reader reader;
	/* How a program of another protocol answers a problem; NULL: as RFC 9457 says. other is that program's own. */
	void (*problem)(struct request *rq, int status, const char *detail);
	void *other;
};

#endif
