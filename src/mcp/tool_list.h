/* tool_list.h - the tools: what is said of them, and which function serves each */
#ifndef CEE_MCP_TOOL_LIST_H
#define CEE_MCP_TOOL_LIST_H

#include "base/json_write.h"
#include "mcp/call.h"

/* "tools": [...], always in the same order. */
void tool_list_put(struct call *c, struct json_writer *w);
/* tools/call */
void tool_list_call(struct call *c);

#endif
