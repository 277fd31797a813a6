/* cee-runner - watches the spool, claims jobs, runs them in boxes
 *
 * The folders; runner.h shows how they are connected:
 *     queue/    waiting jobs             run/      claimed jobs       box/     containers
 *     pool/     boxes that wait        compile/  compile boxes      layers/  packages
 *     core/     sync, log, counters    host/     the self-test      engine/  the container engine
 *
 * After the start, no action of a job, a box or the engine ends this program.
 */
#include "base/loop.h"
#include "cli/prog.h"
#include "runner/runner.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: cee-runner [-s SPOOL] [-c CONF] [-j JOBS] [--log text|json] [--relaxed]\n"
			   "Watches the spool and runs its jobs in locked-down containers.\n"
			   "\n"
			   "  -s, --spool DIR     the spool (CEE_SPOOL)\n"
			   "  -c, --conf FILE     the configuration (CEE_CONF)\n"
			   "  -j, --jobs N        jobs at once\n"
			   "      --log FORMAT    text or json, a line a transition, on standard error\n"
			   "      --relaxed       do not sync to disk\n"
			   "      --once          exit when no job waits and none runs\n"
			   "      --help, --version\n"
			   "\n"
			   "SIGTERM drains; a second one puts the running jobs back. SIGHUP rereads\n"
			   "configuration and languages.\n";

static void parse_options(struct runner_options *options, int argc, char **argv)
{
	enum { OPT_LOG = 256, OPT_RELAXED, OPT_ONCE, OPT_HELP, OPT_VERSION };
	static const struct option opts[] = { { "spool", required_argument, NULL, 's' },
					      { "conf", required_argument, NULL, 'c' },
					      { "jobs", required_argument, NULL, 'j' },
					      { "log", required_argument, NULL, OPT_LOG },
					      { "relaxed", no_argument, NULL, OPT_RELAXED },
					      { "once", no_argument, NULL, OPT_ONCE },
					      { "help", no_argument, NULL, OPT_HELP },
					      { "version", no_argument, NULL, OPT_VERSION },
					      { 0 } };
	int o;

	while ((o = prog_getopt(argc, argv, "s:c:j:", opts)) != -1) {
		switch (o) {
		case 's':
			options->spool_path = optarg;
			break;
		case 'c':
			options->conf_path = optarg;
			break;
		case 'j':
			options->jobs = atoi(optarg);
			if (options->jobs < 1 || options->jobs > 4096)
				prog_usage("-j %s: must be a number from 1 to 4096", optarg);
			break;
		case OPT_LOG:
			options->log_json = strcmp(optarg, "json") == 0;
			options->log_text = strcmp(optarg, "text") == 0;
			if (!options->log_json && !options->log_text)
				prog_usage("--log %s: must be text or json", optarg);
			break;
		case OPT_RELAXED:
			options->relaxed = true;
			break;
		case OPT_ONCE:
			options->once = true;
			break;
		case OPT_HELP:
			prog_help(help);
		case OPT_VERSION:
			prog_version();
		default:
			prog_usage("unknown option");
		}
	}
	if (optind < argc)
		prog_usage("%s: takes no arguments", argv[optind]);
}

int main(int argc, char **argv)
{
	struct runner_options options = { 0 };
	struct runner *r = calloc(1, sizeof(*r));

	prog_init(argv[0]);
	parse_options(&options, argc, argv);
	if (!r)
		prog_die(EX_OSERR, "out of memory");
	runner_start(r, &options);
	for (runner_turn(r); !r->quit; runner_turn(r))
		loop_once(&r->loop);
	runner_finish(r);
	if (r->refusal[0])
		prog_die(r->refusal_status, "%s", r->refusal);
	free(r);
	return EXIT_SUCCESS;
}
