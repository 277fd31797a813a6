/* mcp_fuzz - a message of an MCP client: any text gets no answer, if it is a notification, or exactly one, which is
 * JSON-RPC on one line and has the message's id. The spool is empty, so no tool finds a job. */
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "conf/conf.h"
#include "conf/token.h"
#include "fuzz.h"
#include "http/reader.h"
#include "http/request.h"
#include "mcp/call.h"
#include "mcp/methods.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct seen {
	int answers, status;
};

static void check(struct call *c, const struct buf *message)
{
	struct cee_err e = { 0 };
	cJSON *root = json_parse(message->data, message->len, &e), *id;

	MUST(root && !memchr(message->data, '\n', message->len));
	MUST(strcmp(cJSON_GetObjectItem(root, "jsonrpc")->valuestring, "2.0") == 0);
	id = cJSON_GetObjectItemCaseSensitive(root, "id");
	if (c->id) {
		char *text = cJSON_PrintUnformatted(id);

		MUST(text && strcmp(text, c->id) == 0);
		cJSON_free(text);
	} else {
		MUST(cJSON_IsNull(id));
	}
	MUST(!cJSON_HasObjectItem(root, "result") != !cJSON_HasObjectItem(root, "error"));
	cJSON_Delete(root);
}

static void take_answer(struct call *c, int status, const struct buf *message)
{
	struct seen *seen = c->state;

	seen->answers++;
	seen->status = status;
	check(c, message);
}

static void take_note(struct call *c, const struct buf *message)
{
	(void)c, (void)message;
}

static void beat(struct call *c)
{
	(void)c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct transport transport = { take_note, take_answer, beat };
	static char *const none[] = { NULL };
	struct seen seen = { 0 };
	struct request rq = { .client.spool.fd = fuzz_folder(), .cgi.env = none, .begun = true };
	struct call c = { .rq = &rq, .transport = &transport, .state = &seen, .stream = true };
	struct cee_err e = { 0 };
	int code;

	reader_init(&rq.reader, NULL);
	conf_init(&rq.client.conf);
	rq.client.conf.http_wait_us = 0;
	rq.scopes = SCOPE_SUBMIT | SCOPE_READ;
	rq.problem = call_problem;
	rq.other = &c;
	strcpy(rq.client.owner, "uid-1");
	code = call_parse(&c, (const char *)data, size, &e);
	MUST(code <= 0 && (code == 0 || *e.msg));
	if (code != 0) {
		call_error(&c, 400, code, e.msg, NULL);
		MUST(seen.status == 400 || code == RPC_PARAMS);
	} else if (c.method && c.id) {
		methods_answer(&c);
	}
	MUST(seen.answers == (code != 0 || (c.method && c.id)));
	call_release(&c);
	buf_release(&rq.headers);
	conf_release(&rq.client.conf);
	reader_release(&rq.reader);
	close(rq.client.spool.fd);
	return 0;
}
