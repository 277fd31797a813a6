/* http_transport.h - MCP over HTTP: one request of a web server, by CGI */
#ifndef CEE_MCP_HTTP_TRANSPORT_H
#define CEE_MCP_HTTP_TRANSPORT_H

#include "http/request.h"

/* Answers the request that the environment and standard input hold; rq is zeroed but for its reader. */
void http_transport_serve(struct request *rq, char *const *env);

#endif
