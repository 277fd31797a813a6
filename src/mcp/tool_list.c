/* tool_list.c - the tools: what is said of them, and which function serves each (tool_list.h)
 *
 * tools.json says it, and what depends on this host is added: the languages, the limits, the longest wait.
 */
#include "mcp/tool_list.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/limit.h"
#include "conf/token.h"
#include "http/answer.h"
#include "job/published.h"
#include "mcp/call.h"
#include "mcp/job_tools.h"
#include "mcp/run_tool.h"
#include "mcp/session_tools.h"
#include "mcp/tool.h"
#include "spool/spool.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The texts are in a file beside this one and are linked into the program. */
extern const char tools_text[];
__asm__(".section .rodata\n"
	".global tools_text\n"
	"tools_text:\n"
	".incbin \"src/mcp/tools.json\"\n"
	".byte 0\n"
	".previous\n");

static const struct tool {
	const char *name;
	unsigned needs; /* SCOPE_... */
	tool_fn serve;
} tools[] = {
	{ "run_code", SCOPE_SUBMIT, run_tool_run },
	{ "check_code", SCOPE_SUBMIT, run_tool_check },
	{ "list_languages", SCOPE_NONE, job_tools_languages },
	{ "job_status", SCOPE_READ, job_tools_status },
	{ "cancel_job", SCOPE_SUBMIT, job_tools_cancel },
	{ "get_output", SCOPE_READ, job_tools_output },
	{ "get_file", SCOPE_READ, job_tools_file },
	{ "start_session", SCOPE_SUBMIT, session_tools_start },
	{ "run_in_session", SCOPE_SUBMIT, session_tools_run },
	{ "end_session", SCOPE_SUBMIT, session_tools_end },
};
enum { TOOLS = sizeof tools / sizeof *tools };

/* ---- what depends on this host ----------------------------------------------------------- */

static void must(struct call *c, const void *made)
{
	if (!made)
		answer_die(c->rq);
}

/* While none are published, any text is offered: run_code then says why it cannot run. */
static void add_languages(struct call *c, cJSON *property)
{
	AUTO_BUF struct buf text = { 0 }, b = { 0 };
	AUTO_PUBLISHED struct published *p = NULL;
	struct json_writer w = json_writer(&b);

	if (spool_languages_read(&c->rq->client.spool, &text) < 0)
		return;
	p = published_new(text.data, text.len);
	must(c, p);
	json_open(&w, NULL, '[');
	for (size_t i = 0; i < published_count(p); i++)
		json_put_text(&w, NULL, published_name(p, i));
	json_close(&w, ']');
	must(c, json_written(&w) < 0 ? NULL : b.data);
	if (published_count(p) > 0)
		must(c, cJSON_AddRawToObject(property, "enum", b.data));
}

static void describe_limits(struct call *c, cJSON *property)
{
	static const enum limit_id shown[] = { LIMIT_CPU,	LIMIT_WALL,   LIMIT_MEMORY,
					       LIMIT_PROCESSES, LIMIT_OUTPUT, LIMIT_DISK };
	struct limits usual;
	const struct limits *most = &c->rq->client.conf.max[PHASE_RUN];
	AUTO_BUF struct buf b = { 0 };
	int r = buf_printf(&b, "Limits of the run, as {\"cpu\": \"5s\", \"memory\": \"64M\"}; what is reached ends the "
			       "program. Default (and most):");

	limits_init(&usual);
	limits_default(&usual, &c->rq->client.conf.dflt[PHASE_RUN]);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		char own[LIMIT_TEXT_MAX], max[LIMIT_TEXT_MAX];

		limit_format(own, shown[i], usual.v[shown[i]]);
		limit_format(max, shown[i], most->v[shown[i]]);
		r |= buf_printf(&b, "%s %s %s (%s)", i ? "," : "", limit_name[shown[i]], own, max);
	}
	must(c, r < 0 ? NULL : cJSON_AddStringToObject(property, "description", b.data));
}

static void describe_wait(struct call *c, cJSON *property)
{
	int64_t most = c->rq->client.conf.http_wait_us / 1000000;
	AUTO_BUF struct buf b = { 0 };
	int r = buf_printf(&b, "Seconds to wait for the end, at most %" PRId64 "; 0: do not wait.", most);

	must(c, r < 0 ? NULL : cJSON_AddStringToObject(property, "description", b.data));
	must(c, cJSON_AddNumberToObject(property, "maximum", (double)most));
}

static void complete(struct call *c, cJSON *tool)
{
	cJSON *schema = cJSON_GetObjectItemCaseSensitive(tool, "inputSchema"),
	      *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties"), *v;

	if ((v = cJSON_GetObjectItemCaseSensitive(properties, "language")))
		add_languages(c, v);
	if ((v = cJSON_GetObjectItemCaseSensitive(properties, "limits")) && !cJSON_HasObjectItem(v, "description"))
		describe_limits(c, v);
	if ((v = cJSON_GetObjectItemCaseSensitive(properties, "wait")))
		describe_wait(c, v);
}

void tool_list_put(struct call *c, struct json_writer *w)
{
	AUTO_JSON cJSON *all = json_parse(tools_text, strlen(tools_text), NULL);
	AUTO_FREE char *text = NULL;
	cJSON *tool;

	must(c, all);
	cJSON_ArrayForEach(tool, all)
	{
		complete(c, tool);
	}
	text = cJSON_PrintUnformatted(all);
	must(c, text);
	json_put_raw(w, "tools", text, strlen(text));
}

/* ---- tools/call --------------------------------------------------------------------------- */

void tool_list_call(struct call *c)
{
	const char *name = call_text(c, "name");
	const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(c->params, "arguments");
	AUTO_BUF struct buf b = { 0 };

	if (!name || (arguments && !cJSON_IsObject(arguments))) {
		call_error(c, 400, RPC_PARAMS,
			   name ? "arguments: must be an object" : "name: must be the name of a tool", NULL);
		return;
	}
	for (size_t i = 0; i < TOOLS; i++) {
		if (strcmp(tools[i].name, name) != 0)
			continue;
		c->in_tool = true;
		if ((c->rq->scopes & tools[i].needs) != tools[i].needs)
			answer_problem(c->rq, 403, "the token's scopes do not allow this");
		else
			tools[i].serve(c, arguments);
		return;
	}
	if (buf_printf(&b, "%.80s: there is no such tool", name) < 0)
		answer_die(c->rq);
	call_error(c, 400, RPC_PARAMS, b.data, NULL);
}
