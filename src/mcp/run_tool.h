/* run_tool.h - the tools run_code and check_code: a job from its arguments, and its end */
#ifndef CEE_MCP_RUN_TOOL_H
#define CEE_MCP_RUN_TOOL_H

#include "base/buf.h"
#include "base/id.h"
#include "mcp/call.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

void run_tool_run(struct call *c, const cJSON *arguments);
void run_tool_check(struct call *c, const cJSON *arguments);

/* Submits the job in text; false: answered. The input of a session stays open for its cells. */
bool run_tool_submit(struct call *c, struct buf *text, char id[ID_LEN + 1]);
/* Reports the job's output as progress until it has ended, for us microseconds at most. False: the client has gone. */
bool run_tool_wait(struct call *c, const char *id, int64_t us);

#endif
