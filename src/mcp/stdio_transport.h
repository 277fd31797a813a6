/* stdio_transport.h - MCP over standard input and output, for an agent on this host */
#ifndef CEE_MCP_STDIO_TRANSPORT_H
#define CEE_MCP_STDIO_TRANSPORT_H

#include "http/request.h"

/* Answers messages, a line each, until the end of the input. rq has its configuration, spool, owner and reader. 0, or
 * the exit status. */
int stdio_transport_serve(struct request *rq);

#endif
