/* session_tools.h - the tools about sessions: state that is kept between calls */
#ifndef CEE_MCP_SESSION_TOOLS_H
#define CEE_MCP_SESSION_TOOLS_H

#include "mcp/call.h"

#include <cjson/cJSON.h>

void session_tools_start(struct call *c, const cJSON *arguments);
void session_tools_run(struct call *c, const cJSON *arguments);
void session_tools_end(struct call *c, const cJSON *arguments);

#endif
