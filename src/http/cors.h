/* cors.h - headers for pages of other origins (CORS) */
#ifndef CEE_HTTP_CORS_H
#define CEE_HTTP_CORS_H

#include "conf/conf.h"
#include "http/request.h"

#include <stdbool.h>

/* Adds the CORS headers that any response needs, by http_origins. */
void cors_headers(struct request *rq);
/* Adds the headers of the response to a preflight request. allow is a list of methods. */
void cors_preflight(struct request *rq, const char *allow);

/* Is it one of http_origins? */
bool cors_listed(const struct conf *c, const char *origin);

#endif
