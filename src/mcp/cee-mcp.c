/* cee-mcp.c - cee-mcp(8): the engine for agents, by the Model Context Protocol
 *
 * Started by a web server it answers one request, as cee-http does and with the same rules (src/http); started by an
 * agent on this host it answers messages on standard input as that agent's user. src/mcp/call.h has the terms.
 */
#include "base/buf.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "http/cgi.h"
#include "http/reader.h"
#include "http/request.h"
#include "mcp/http_transport.h"
#include "mcp/stdio_transport.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static const char help[] =
	"usage: cee-mcp [-s DIR] [-c FILE] [--owner NAME]\n"
	"Answers messages of the Model Context Protocol on standard input: an agent on this host starts\n"
	"it. A web server starts it for each request, as a CGI/1.1 program. cee-mcp(8) has the tools.\n\n" CLIENT_HELP;

static void options(struct client *c, int argc, char **argv)
{
	static const struct option table[] = { CLIENT_LONG, { NULL, 0, NULL, 0 } };
	int opt;

	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT, table)) != -1)
		client_option(c, opt, help);
	if (optind < argc)
		prog_usage("%s: takes no arguments", argv[optind]);
}

static int local(struct request *rq, int argc, char **argv)
{
	static char *const none[] = { NULL };

	rq->cgi.env = none;
	client_init(&rq->client, argv[0]);
	options(&rq->client, argc, argv);
	client_open(&rq->client, 0);
	return stdio_transport_serve(rq);
}

int main(int argc, char **argv)
{
	struct request rq = { .client.spool.fd = -1 };
	int status = EXIT_SUCCESS;

	prog_init(argv[0]);
	setenv("TZ", "UTC0", 1);
	signal(SIGPIPE, SIG_IGN);
	reader_init(&rq.reader, getenv("CEE_HTTP_FILL"));
	/* A server may pass a query without '=' as arguments (RFC 3875, 4.4): these are not options. */
	if (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD")) {
		http_transport_serve(&rq, environ);
		reader_end(&rq.reader, STDIN_FILENO);
	} else {
		status = local(&rq, argc, argv);
	}
	client_release(&rq.client);
	reader_release(&rq.reader);
	buf_release(&rq.headers);
	cgi_release(&rq.cgi);
	return status;
}
