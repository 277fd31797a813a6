/* cors.c - origins whose pages may read responses: http_origins of cee.conf (the Fetch standard, 3.2)
 *
 * Every response has the headers, errors too. Access-Control-Allow-Credentials is never sent, so a browser
 * sends no login for a page of another origin: such a page uses a token of its own or a ticket, or is
 * anonymous.
 */
#include "http/cors.h"
#include "conf/conf.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/request.h"

#include <stdbool.h>
#include <string.h>

bool cors_listed(const struct conf *c, const char *origin)
{
	for (size_t i = 0; i < c->nhttp_origins; i++)
		if (strcmp(c->http_origins[i], "*") == 0 || strcmp(c->http_origins[i], origin) == 0)
			return true;
	return false;
}

static const char *allowed(const struct request *rq)
{
	const char *origin = cgi_variable(&rq->cgi, "HTTP_ORIGIN");

	return origin && cors_listed(&rq->client.conf, origin) ? origin : NULL;
}

void cors_headers(struct request *rq)
{
	const char *origin = allowed(rq);

	if (rq->client.conf.nhttp_origins > 0)
		answer_header(rq, "Vary", "Origin");
	if (!origin)
		return;
	answer_header(rq, "Access-Control-Allow-Origin", "%s", origin);
	answer_header(rq, "Access-Control-Expose-Headers", "Location, ETag, Retry-After, Content-Range");
}

void cors_preflight(struct request *rq, const char *allow)
{
	if (!allowed(rq) || !cgi_variable(&rq->cgi, "HTTP_ACCESS_CONTROL_REQUEST_METHOD"))
		return;
	answer_header(rq, "Access-Control-Allow-Methods", "%s", allow);
	answer_header(rq, "Access-Control-Allow-Headers",
		      "Authorization, Content-Type, Cee-User, Idempotency-Key, Last-Event-ID, Range, If-Range, "
		      "If-None-Match, MCP-Protocol-Version, Mcp-Method, Mcp-Name");
	answer_header(rq, "Access-Control-Max-Age", "600");
}
