/* job_tools.h - the tools about languages and about jobs that run_code has made */
#ifndef CEE_MCP_JOB_TOOLS_H
#define CEE_MCP_JOB_TOOLS_H

#include "mcp/call.h"

#include <cjson/cJSON.h>

void job_tools_languages(struct call *c, const cJSON *arguments);
void job_tools_status(struct call *c, const cJSON *arguments);
void job_tools_cancel(struct call *c, const cJSON *arguments);
void job_tools_output(struct call *c, const cJSON *arguments);
void job_tools_file(struct call *c, const cJSON *arguments);

#endif
