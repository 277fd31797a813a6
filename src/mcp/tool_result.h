/* tool_result.h - a job as the result of a tool: text for the model, the same as fields, and files */
#ifndef CEE_MCP_TOOL_RESULT_H
#define CEE_MCP_TOOL_RESULT_H

#include "base/buf.h"
#include "base/json_write.h"
#include "mcp/call.h"

#include <stddef.h>
#include <stdint.h>

/* Leaves out the middle of a text that is too long for a model; rest says how to get it. */
void tool_result_shorten(struct call *c, struct buf *b, const char *rest);
/* Adds a part of a text for the model, with its title in a line of its own; title: or NULL. Nothing if it is empty. */
void tool_result_put_part(struct call *c, struct buf *all, const char *title, const struct buf *part);
/* Answers with the job as it is now. */
void tool_result_answer(struct call *c, const char *id);

/* An item of the array "content": an image, or an embedded resource, as text where it is UTF-8. type: of an image, or NULL. */
void tool_result_put_file(struct call *c, struct json_writer *w, const char *id, const char *name, const char *type,
			  const struct buf *bytes);
/* Reads length bytes of fd from position from on; -1 and errno. */
int tool_result_read(int fd, int64_t from, int64_t length, struct buf *b);

#endif
