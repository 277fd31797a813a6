/* methods.h - the methods of MCP: initialize, server/discover, ping, tools/list, tools/call */
#ifndef CEE_MCP_METHODS_H
#define CEE_MCP_METHODS_H

#include "mcp/call.h"

#include <stdbool.h>

/* Answers a request; the caller is identified. Not for notifications. */
void methods_answer(struct call *c);
/* May it take long? Then it is worth a process of its own. */
bool methods_long(const struct call *c);
/* One of the revisions that this server speaks? */
bool methods_version(const char *version);
/* The error for another one. */
void methods_wrong_version(struct call *c, const char *version);

#endif
