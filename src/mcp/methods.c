/* methods.c - the methods of MCP (methods.h)
 *
 * Nothing is remembered of a client: initialize gives no session id, and every request stands alone.
 */
#include "mcp/methods.h"
#include "base/buf.h"
#include "base/json_write.h"
#include "http/answer.h"
#include "mcp/call.h"
#include "mcp/tool_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { LIST_TTL_MS = 60000, DISCOVER_TTL_MS = 3600000 };

static const char *const versions[] = { MCP_MODERN, MCP_LEGACY };
enum { VERSIONS = sizeof versions / sizeof *versions };

static const char instructions[] =
	"cee runs code in locked-down containers on this host: no network unless one is asked for by name, limits on "
	"time, "
	"memory and output. Each run_code is a fresh program; start_session and run_in_session keep variables and "
	"files "
	"between calls. A result has a job id, with which job_status, get_output, get_file and cancel_job go on.";

bool methods_version(const char *version)
{
	for (size_t i = 0; i < VERSIONS; i++)
		if (strcmp(versions[i], version) == 0)
			return true;
	return false;
}

static void put_server(struct json_writer *w, const char *name)
{
	json_open(w, name, '{');
	json_put_text(w, "name", "cee");
	json_put_text(w, "title", "cee: runs untrusted code in containers");
	json_put_text(w, "version", CEE_VERSION);
	json_close(w, '}');
}

static void put_capabilities(struct json_writer *w)
{
	json_open(w, "capabilities", '{');
	json_open(w, "tools", '{');
	json_close(w, '}');
	json_close(w, '}');
}

void methods_wrong_version(struct call *c, const char *version)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = json_writer(&b);

	json_open(&w, NULL, '{');
	json_open(&w, "supported", '[');
	for (size_t i = 0; i < VERSIONS; i++)
		json_put_text(&w, NULL, versions[i]);
	json_close(&w, ']');
	json_put_text(&w, "requested", version);
	json_close(&w, '}');
	if (json_written(&w) < 0)
		answer_die(c->rq);
	call_error(c, 400, RPC_VERSION, "this revision of MCP is not supported", b.data);
}

/* The client's revision if it is known; else the newest with initialize, which the client may refuse. */
static void initialize(struct call *c)
{
	const char *asked = call_text(c, "protocolVersion");
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w;

	if (!asked) {
		call_error(c, 400, RPC_PARAMS, "protocolVersion: is missing", NULL);
		return;
	}
	w = call_open(c, &b);
	json_put_text(&w, "protocolVersion",
		      methods_version(asked) && strcmp(asked, versions[0]) != 0 ? asked : versions[1]);
	put_capabilities(&w);
	put_server(&w, "serverInfo");
	json_put_text(&w, "instructions", instructions);
	call_close(c, &w);
}

static void put_cache(struct json_writer *w, int ms)
{
	json_put_integer(w, "ttlMs", ms);
	json_put_text(w, "cacheScope", "public");
}

static void discover(struct call *c)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = call_open(c, &b);

	json_open(&w, "supportedVersions", '[');
	json_put_text(&w, NULL, MCP_MODERN);
	json_close(&w, ']');
	put_capabilities(&w);
	json_put_text(&w, "instructions", instructions);
	put_cache(&w, DISCOVER_TTL_MS);
	json_open(&w, "_meta", '{');
	put_server(&w, "io.modelcontextprotocol/serverInfo");
	json_close(&w, '}');
	call_close(c, &w);
}

static void ping(struct call *c)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = call_open(c, &b);

	call_close(c, &w);
}

static void list(struct call *c)
{
	AUTO_BUF struct buf b = { 0 };
	struct json_writer w = call_open(c, &b);

	tool_list_put(c, &w);
	if (c->modern)
		put_cache(&w, LIST_TTL_MS);
	call_close(c, &w);
}

static const struct method_entry {
	const char *name;
	bool modern, legacy; /* in which revisions */
	void (*answer)(struct call *c);
} methods[] = {
	{ "initialize", false, true, initialize },
	{ "server/discover", true, false, discover },
	{ "ping", false, true, ping },
	{ "tools/list", true, true, list },
	{ "tools/call", true, true, tool_list_call },
};

bool methods_long(const struct call *c)
{
	return strcmp(c->method, "tools/call") == 0;
}

void methods_answer(struct call *c)
{
	char text[160];

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, c->method) == 0 && (c->modern ? methods[i].modern : methods[i].legacy)) {
			methods[i].answer(c);
			return;
		}
	snprintf(text, sizeof text, "%.80s: this method is not known here", c->method);
	call_error(c, 404, RPC_METHOD, text, NULL);
}
