/* cors.h - pages of other origins (CORS) */
#ifndef CEE_HTTP_CORS_H
#define CEE_HTTP_CORS_H

#include "http/request.h"

/* Adds the headers of any answer, by http_origins. */
void cors_headers(struct request *rq);
/* Adds those that answer a browser's question before a request. allow is a list of methods. */
void cors_preflight(struct request *rq, const char *allow);

#endif
