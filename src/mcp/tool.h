/* tool.h - a tool: what it gets, and how it answers
 *
 * A problem (answer_problem) is the tool's result with "isError", so that the model reads it. What a result may hold
 * is bounded for its reader, a model: the rest of an output or of a file is there for get_output and get_file.
 */
#ifndef CEE_MCP_TOOL_H
#define CEE_MCP_TOOL_H

#include "base/id.h"
#include "base/json_write.h"
#include "mcp/call.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*tool_fn)(struct call *c, const cJSON *arguments);

/* Are all arguments among names, which ends with NULL? False: answered. */
bool tool_only(struct call *c, const cJSON *arguments, const char *const *names);
/* The id of the argument name, such as "job"; false: answered. */
bool tool_id(struct call *c, const cJSON *arguments, const char *name, char id[ID_LEN + 1]);
/* An integer argument from 0 to most; false: answered. Absent: *value stays. */
bool tool_number(struct call *c, const cJSON *arguments, const char *name, int64_t most, int64_t *value);

/* An item of the array "content". */
void tool_put_content(struct json_writer *w, const char *text, size_t len);

#endif
