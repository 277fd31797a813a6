/* tool.c - what all tools do alike (tool.h) */
#include "mcp/tool.h"
#include "base/error.h"
#include "base/id.h"
#include "base/json_values.h"
#include "base/json_write.h"
#include "http/answer.h"
#include "mcp/call.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

bool tool_only(struct call *c, const cJSON *arguments, const char *const *names)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, arguments)
	{
		const char *const *n = names;

		while (*n && strcmp(*n, v->string) != 0)
			n++;
		if (!*n) {
			answer_problem(c->rq, 400, "%.80s: is not an argument of this tool", v->string);
			return false;
		}
	}
	return true;
}

bool tool_id(struct call *c, const cJSON *arguments, const char *name, char id[ID_LEN + 1])
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(arguments, name);

	if (!cJSON_IsString(v)) {
		answer_problem(c->rq, 400, "%s: must be an id, a text", name);
		return false;
	}
	if (strlen(v->valuestring) != ID_LEN || !id_valid(v->valuestring)) {
		answer_problem(c->rq, 404, "there is no such task");
		return false;
	}
	memcpy(id, v->valuestring, ID_LEN + 1);
	return true;
}

bool tool_number(struct call *c, const cJSON *arguments, const char *name, int64_t most, int64_t *value)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(arguments, name);
	struct cee_err e = { 0 };

	if (!v || json_integer(v, name, 0, most, value, &e) == 0)
		return true;
	answer_problem(c->rq, 400, "%s", e.msg);
	return false;
}

void tool_put_content(struct json_writer *w, const char *text, size_t len)
{
	json_open(w, NULL, '{');
	json_put_text(w, "type", "text");
	json_put_bytes(w, "text", text, len);
	json_close(w, '}');
}
