/* call.c - one request of an MCP client, and its answer (call.h) */
#include "mcp/call.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_write.h"
#include "http/answer.h"
#include "http/request.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define META "io.modelcontextprotocol/"

enum { ID_TEXT_MAX = 256 };

void call_release(struct call *c)
{
	cJSON_Delete(c->root);
	free(c->id);
	free(c->progress);
	c->root = NULL;
	c->id = c->progress = NULL;
}

const char *call_text(const struct call *c, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(c->params, name);

	return cJSON_IsString(v) ? v->valuestring : NULL;
}

/* ---- reading ---------------------------------------------------------------------- */

/* An id or a token: a text or a number. NULL: absent, or neither. */
static char *scalar(const cJSON *v)
{
	char *text = cJSON_IsString(v) || cJSON_IsNumber(v) ? cJSON_PrintUnformatted(v) : NULL;

	if (text && strlen(text) > ID_TEXT_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

static int refuse(struct cee_err *e, int code, const char *what)
{
	cee_fail(e, 0, "%s", what);
	return code;
}

int call_parse(struct call *c, const char *text, size_t len, struct cee_err *e)
{
	const cJSON *id, *method, *version, *meta;

	c->root = json_parse(text, len, e);
	if (!c->root)
		return RPC_PARSE;
	if (cJSON_IsArray(c->root))
		return refuse(e, RPC_INVALID, "batches are not supported: send one message in each request");
	if (!cJSON_IsObject(c->root))
		return refuse(e, RPC_INVALID, "the message must be an object of JSON-RPC 2.0");
	id = cJSON_GetObjectItemCaseSensitive(c->root, "id");
	c->id = scalar(id);
	if (id && !c->id)
		return refuse(e, RPC_INVALID, "id: must be a number or a text of at most 254 bytes");
	version = cJSON_GetObjectItemCaseSensitive(c->root, "jsonrpc");
	if (!cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0)
		return refuse(e, RPC_INVALID, "jsonrpc: must be \"2.0\"");
	method = cJSON_GetObjectItemCaseSensitive(c->root, "method");
	if (method && !cJSON_IsString(method))
		return refuse(e, RPC_INVALID, "method: must be a text");
	c->method = method ? method->valuestring : NULL; /* without one it is an answer of the client's */
	c->params = cJSON_GetObjectItemCaseSensitive(c->root, "params");
	if (c->params && !cJSON_IsObject(c->params))
		return refuse(e, RPC_PARAMS, "params: must be an object");
	meta = cJSON_GetObjectItemCaseSensitive(c->params, "_meta");
	c->progress = scalar(cJSON_GetObjectItemCaseSensitive(meta, "progressToken"));
	c->modern = cJSON_GetObjectItemCaseSensitive(meta, META "protocolVersion") != NULL;
	return 0;
}

/* ---- writing ---------------------------------------------------------------------- */

static struct json_writer begin(struct buf *b)
{
	struct json_writer w = json_writer(b);

	json_open(&w, NULL, '{');
	json_put_text(&w, "jsonrpc", "2.0");
	return w;
}

static void put_id(struct call *c, struct json_writer *w)
{
	if (c->id)
		json_put_raw(w, "id", c->id, strlen(c->id));
	else
		json_put_null(w, "id");
}

static void end(struct call *c, struct json_writer *w)
{
	json_close(w, '}');
	if (json_written(w) < 0)
		answer_die(c->rq);
}

struct json_writer call_open(struct call *c, struct buf *b)
{
	struct json_writer w = begin(b);

	put_id(c, &w);
	json_open(&w, "result", '{');
	if (c->modern)
		json_put_text(&w, "resultType", "complete");
	return w;
}

void call_close(struct call *c, struct json_writer *w)
{
	json_close(w, '}');
	end(c, w);
	c->transport->answer(c, 200, w->out);
}

void call_error(struct call *c, int status, int code, const char *message, const char *data)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = begin(&b);
	bool whole =
		c->modern || code == RPC_PARSE || code == RPC_INVALID || code == RPC_REFUSED || code == RPC_VERSION;

	put_id(c, &w);
	json_open(&w, "error", '{');
	json_put_integer(&w, "code", code);
	json_put_text(&w, "message", message);
	if (data)
		json_put_raw(&w, "data", data, strlen(data));
	json_close(&w, '}');
	end(c, &w);
	/* before 2026-07-28 clients take another status than 200 for a failure of the transport */
	c->transport->answer(c, whole ? status : 200, &b);
}

void call_progress(struct call *c, const char *text, size_t len)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w;

	if (!c->progress || !c->stream || len == 0)
		return;
	c->moved += (int64_t)len;
	w = begin(&b);
	json_put_text(&w, "method", "notifications/progress");
	json_open(&w, "params", '{');
	json_put_raw(&w, "progressToken", c->progress, strlen(c->progress));
	json_put_integer(&w, "progress", c->moved);
	json_put_bytes(&w, "message", text, len);
	json_close(&w, '}');
	end(c, &w);
	c->transport->notify(c, &b);
}

void call_problem(struct request *rq, int status, const char *detail)
{
	struct call *c = rq->other;
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w;

	if (!c->in_tool) {
		call_error(c, status, RPC_REFUSED, detail, NULL);
		return;
	}
	w = call_open(c, &b);
	json_open(&w, "content", '[');
	json_open(&w, NULL, '{');
	json_put_text(&w, "type", "text");
	json_put_text(&w, "text", detail);
	json_close(&w, '}');
	json_close(&w, ']');
	json_put_bool(&w, "isError", true);
	call_close(c, &w);
}
