/* main.c - cee-log(1): prints what jobs wrote, and follows them while they run
 *
 * Both streams go to standard output, in the order in which they were read from the program. Notes (a gap, a
 * rerun) go to standard error, never between the bytes. Many jobs are printed one after the other, each
 * whole; with --as-come line by line as they are read, each line prefixed with the last
 * characters of its job's id.
 */
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "cli/sink.h"
#include "cli/verdict_file.h"
#include "cmd/cee-log/as_come.h"
#include "cmd/cee-log/log_job.h"
#include "cmd/cee-log/log_prog.h"
#include "spool/follow.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>


/* ---- options ------------------------------------------------------------------ */

static const char help[] =
	"usage: cee-log [options] [ID...]\n"
	"Prints what jobs wrote. Without an ID the ids are read from standard input, one a line.\n\n"
	"  -f, --follow        go on until the jobs have ended; exit with the status of a single job,\n"
	"                      or with 1 if one of several did not end with 0\n"
	"      --as-come       lines of all jobs as they come, each after the end of its job's id\n" CLIENT_GROUP_HELP
	"  -o, --stdout        only standard output\n"
	"  -e, --stderr        only standard error and the compiler's output\n"
	"      --test NAME     only what this test of the job wrote\n"
	"  -n, --lines N       only the last N lines\n"
	"  -t, --times         each line with the time at which it was read\n"
	"      --json          one JSON object for each record\n"
	"      --raw           control sequences as they are, also on a terminal\n"
	"      --verdict FILE|fd:N  with -f: write the result's JSON there, a line for each job\n" CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN, OPT_RAW, OPT_VERDICT, OPT_AS_COME, OPT_TEST };
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	CLIENT_GROUP_LONG,
	{ "as-come", no_argument, NULL, OPT_AS_COME },
	{ "follow", no_argument, NULL, 'f' },
	{ "stdout", no_argument, NULL, 'o' },
	{ "stderr", no_argument, NULL, 'e' },
	{ "lines", required_argument, NULL, 'n' },
	{ "times", no_argument, NULL, 't' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "verdict", required_argument, NULL, OPT_VERDICT },
	{ "test", required_argument, NULL, OPT_TEST },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static int64_t number_of_lines(const char *s)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno || end == s || *end || n < 0)
		prog_usage("-n %s: must be a number of lines", s);
	return n;
}

static void parse_options(struct log *l, int argc, char **argv)
{
	const char *verdict = NULL;
	int opt;

	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "foen:t", options)) != -1)
		switch (opt) {
		case 'f':
			l->follow = true;
			break;
		case 'o':
			l->only_out = true;
			break;
		case 'e':
			l->only_err = true;
			break;
		case 'n':
			l->last = number_of_lines(optarg);
			break;
		case 't':
			l->times = true;
			break;
		case OPT_JSON:
			l->json = true;
			break;
		case OPT_RAW:
			l->raw = true;
			break;
		case OPT_VERDICT:
			verdict = optarg;
			break;
		case OPT_AS_COME:
			l->as_come = true;
			break;
		case OPT_TEST:
			l->test = optarg;
			break;
		default:
			client_option(&l->c, opt, help);
		}
	if (l->only_out && l->only_err) /* both are printed by default */
		l->only_out = l->only_err = false;
	if (l->as_come && l->last >= 0)
		prog_usage("-n: does not go with --as-come");
	if (l->test && (l->follow || l->as_come))
		prog_usage("--test: does not go with %s (it prints a test that has ended)",
			   l->follow ? "-f" : "--as-come");
	if (verdict && !l->follow)
		prog_usage("--verdict: requires -f (or use cee-stat --json)");
	if (verdict)
		l->verdict = verdict_file_open(verdict);
}

int main(int argc, char **argv)
{
	struct log l = { .last = -1, .verdict = -1, .second = -1 };
	int failed;

	client_init(&l.c, argv[0]);
	parse_options(&l, argc, argv);
	client_open(&l.c, 0);
	sink_init(&l.out, STDOUT_FILENO, l.raw);
	follow_init(&l.f, &l.c.spool, l.follow);
	failed = l.as_come ? log_as_come(&l, argv + optind, argc - optind)
			   : id_reader_each(&l.c, argv + optind, argc - optind, l.follow, log_one, &l);
	follow_release(&l.f);
	sink_release(&l.out);
	test_release(&l.which);
	client_release(&l.c);
	if (!failed && l.jobs == 1 && !l.c.group) /* exit like a child process would */
		return l.status;
	return failed || l.bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
