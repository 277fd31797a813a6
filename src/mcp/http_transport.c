/* http_transport.c - MCP over HTTP (http_transport.h)
 *
 * "Streamable HTTP" without sessions: a POST has one message. A request is answered in JSON, or, where the client
 * wants progress and accepts it, by a stream of server-sent events whose last one is the answer. There is no stream
 * of the server's own (GET), so all other methods are 405. A client that closes its connection ends what it
 * waits for.
 */
#include "mcp/http_transport.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "conf/token.h"
#include "http/admission.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/cors.h"
#include "http/reader.h"
#include "http/request.h"
#include "http/request_body.h"
#include "http/route.h"
#include "mcp/call.h"
#include "mcp/methods.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ENVELOPE_MAX = 65536 }; /* what a message has besides the job */

/* ---- answers ---------------------------------------------------------------------- */

static void must(struct call *c, int r)
{
	if (r < 0)
		answer_die(c->rq);
}

static void spaces(struct call *c, struct buf *b, size_t n)
{
	for (; n > 0; n--)
		must(c, buf_add(b, " ", 1));
}

static bool streams(const struct call *c)
{
	return c->stream && c->progress;
}

static void begin(struct call *c)
{
	if (c->rq->begun)
		return;
	if (streams(c))
		answer_header(c->rq, "X-Accel-Buffering", "no");
	answer_begin(c->rq, 200, streams(c) ? "text/event-stream" : "application/json", -1);
}

/* A comment, so long that a server which gathers output passes it on (CEE_HTTP_FILL). */
static void put_fill(struct call *c, struct buf *b, size_t n)
{
	must(c, buf_add(b, ":", 1));
	spaces(c, b, n);
	must(c, buf_add(b, "\n\n", 2));
}

static void send_event(struct call *c, const struct buf *message, bool last)
{
	AUTO_BUF struct buf b = { 0 };

	begin(c);
	must(c, buf_printf(&b, "event: message\ndata: "));
	must(c, buf_add(&b, message->data, message->len));
	must(c, buf_add(&b, "\n\n", 2));
	if (c->rq->reader.fill && !last)
		put_fill(c, &b, c->rq->reader.fill);
	answer_write(c->rq, b.data, b.len);
}

static void notify(struct call *c, const struct buf *message)
{
	send_event(c, message, false);
}

static void answer(struct call *c, int status, const struct buf *message)
{
	if (c->rq->begun && streams(c))
		send_event(c, message, true);
	else
		answer_json(c->rq, status, message);
}

/* A comment, or white space before the answer, which JSON allows. */
static void beat(struct call *c)
{
	AUTO_BUF struct buf b = { 0 };

	begin(c);
	if (streams(c))
		put_fill(c, &b, c->rq->reader.fill + 1);
	else
		spaces(c, &b, c->rq->reader.fill + 1);
	answer_write(c->rq, b.data, b.len);
}

static const struct transport transport = { notify, answer, beat };

/* ---- who asks ----------------------------------------------------------------------- */

/* A page of another site must be named in http_origins; this server's own has the Host's name in its origin. */
static bool origin_allowed(struct request *rq)
{
	const char *origin = cgi_variable(&rq->cgi, "HTTP_ORIGIN"), *host = cgi_variable(&rq->cgi, "HTTP_HOST");
	const char *name = origin ? strstr(origin, "://") : NULL;

	if (!origin || cors_listed(&rq->client.conf, origin) || (name && host && strcasecmp(name + 3, host) == 0))
		return true;
	answer_problem(rq, 403, "Origin: pages of this site may not ask here (http_origins of cee.conf)");
	return false;
}

static bool is_post(struct request *rq)
{
	if (rq->cgi.method == METHOD_POST)
		return true;
	answer_header(rq, "Allow", "POST, OPTIONS");
	if (rq->cgi.method == METHOD_OPTIONS) {
		cors_preflight(rq, "POST, OPTIONS");
		answer_empty(rq, 204);
	} else {
		answer_problem(rq, 405, "send messages of MCP with POST");
	}
	return false;
}

static bool is_json(struct request *rq)
{
	if (cgi_content_type(&rq->cgi, "application/json"))
		return true;
	answer_problem(rq, 415, "send a message of MCP as JSON, with Content-Type: application/json");
	return false;
}

/* ---- revisions ------------------------------------------------------------------------ */

/* Servers between route by these headers, so they must say what the body does. */
static bool header_is(struct call *c, const char *variable, const char *name, const char *value)
{
	const char *header = cgi_variable(&c->rq->cgi, variable);
	AUTO_BUF struct buf b = { 0 };

	if (header && value && strcmp(header, value) == 0)
		return true;
	must(c, buf_printf(&b, "%s: %s", name, header ? "differs from the body" : "is missing"));
	call_error(c, 400, RPC_HEADER, b.data, NULL);
	return false;
}

/* False: answered. */
static bool modern_allowed(struct call *c)
{
	const cJSON *meta = cJSON_GetObjectItemCaseSensitive(c->params, "_meta");
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(meta, "io.modelcontextprotocol/protocolVersion");

	if (!cJSON_IsString(v)) {
		call_error(c, 400, RPC_PARAMS, "params._meta: has no io.modelcontextprotocol/protocolVersion", NULL);
		return false;
	}
	if (!header_is(c, "HTTP_MCP_PROTOCOL_VERSION", "MCP-Protocol-Version", v->valuestring))
		return false;
	if (strcmp(v->valuestring, MCP_MODERN) != 0) {
		methods_wrong_version(c, v->valuestring);
		return false;
	}
	return header_is(c, "HTTP_MCP_METHOD", "Mcp-Method", c->method) &&
	       (strcmp(c->method, "tools/call") != 0 ||
		header_is(c, "HTTP_MCP_NAME", "Mcp-Name", call_text(c, "name")));
}

static bool revision_allowed(struct call *c)
{
	const char *version = cgi_variable(&c->rq->cgi, "HTTP_MCP_PROTOCOL_VERSION");

	if (c->modern || cgi_variable(&c->rq->cgi, "HTTP_MCP_METHOD") ||
	    (version && strcmp(version, MCP_MODERN) == 0)) {
		c->modern = true;
		return modern_allowed(c);
	}
	if (!version || methods_version(version))
		return true;
	methods_wrong_version(c, version);
	return false;
}

/* ---- the request ----------------------------------------------------------------------- */

static void message(struct call *c, const struct buf *body)
{
	struct request *rq = c->rq;
	struct cee_err e = { 0 };
	int code = call_parse(c, body->data ? body->data : "", body->len, &e);

	if (code != 0) {
		call_error(c, 400, code, e.msg, NULL);
		return;
	}
	if (!c->method || !c->id) { /* notifications and answers: there is nothing to do */
		answer_empty(rq, 202);
		return;
	}
	c->stream = cgi_accepts(cgi_variable(&rq->cgi, "HTTP_ACCEPT"), "text/event-stream");
	if (revision_allowed(c))
		methods_answer(c);
}

static void admitted(struct call *c)
{
	struct request *rq = c->rq;
	AUTO_BUF struct buf body = { 0 };
	struct cee_err e = { 0 };
	int status = request_body(&rq->cgi, STDIN_FILENO, rq->client.conf.max_job + ENVELOPE_MAX, &body, &e);

	if (status)
		answer_problem(rq, status, "%s", e.msg);
	else
		message(c, &body);
}

void http_transport_serve(struct request *rq, char *const *env)
{
	struct call c = { .rq = rq, .transport = &transport };
	struct cee_err e = { 0 };
	int status;

	rq->problem = call_problem;
	/* for call_problem, while this function runs */
	rq->other = &c; /* cppcheck-suppress autoVariables */
	status = cgi_parse(&rq->cgi, env, &e);
	if (status)
		answer_problem(rq, status, "%s", e.msg);
	else if (admission_open(rq) && origin_allowed(rq)) {
		if (strcmp(rq->cgi.path, "/") != 0)
			answer_problem(rq, 404, "there is nothing at this address");
		else if (is_post(rq) && is_json(rq) && admission_caller(rq, SCOPE_ANY, false) && admission_place(rq))
			admitted(&c);
	}
	call_release(&c);
}
