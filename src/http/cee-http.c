/* cee-http.c - cee-http(8): the engine over any web server, CGI/1.1 (RFC 3875)
 *
 * One process a request, started and fed by the web server: the request is in the environment
 * and on standard input, the answer goes to standard output. No shell, no network, and nothing
 * of the container engine. src/http has the parts; src/http/route.c says who answers what.
 */
#include "base/buf.h"
#include "base/error.h"
#include "cli/prog.h"
#include "conf/conf.h"
#include "http/answer.h"
#include "http/cgi.h"
#include "http/reader.h"
#include "http/request.h"
#include "http/route.h"
#include "spool/spool.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static const char help[] = "usage: cee-http\n"
			   "A CGI/1.1 program: a web server starts it for each request. cee-http(8) has the routes;\n"
			   "etc/http has sample configurations for lighttpd, nginx and Apache.\n"
			   "CEE_CONF names the configuration, CEE_SPOOL the spool.\n\n"
			   "  -h, --help\n"
			   "      --version\n";

static void options(int argc, char **argv)
{
	static const struct option table[] = { { "help", no_argument, NULL, 'h' },
					       { "version", no_argument, NULL, 'V' },
					       { NULL, 0, NULL, 0 } };
	int opt;

	/* A server may pass a query without '=' as arguments (RFC 3875, 4.4): these are not options. */
	if (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD"))
		return;
	while ((opt = prog_getopt(argc, argv, "h", table)) != -1) {
		if (opt == 'V')
			prog_version();
		prog_help(help);
	}
	prog_usage("a web server starts it, with a request in its environment");
}

int main(int argc, char **argv)
{
	struct request rq = { .client.spool.fd = -1 };
	struct cee_err e = { 0 };
	int status;

	prog_init(argv[0]);
	options(argc, argv);
	setenv("TZ", "UTC0", 1);  /* all times here are; and no time zone file is read */
	signal(SIGPIPE, SIG_IGN); /* a disconnected client is then an error of write */
	reader_init(&rq.reader, getenv("CEE_HTTP_FILL"));
	status = cgi_parse(&rq.cgi, environ, &e);
	if (status)
		answer_problem(&rq, status, "%s", e.msg);
	else
		route_dispatch(&rq);
	reader_end(&rq.reader, STDIN_FILENO);
	spool_release(&rq.client.spool);
	conf_release(&rq.client.conf);
	reader_release(&rq.reader);
	buf_release(&rq.headers);
	cgi_release(&rq.cgi);
	return EXIT_SUCCESS;
}
