/* main.c - cee-stat(1): prints the state of jobs or of the queue, and waits for jobs
 *
 * With --json a result is printed as in its file; text is for people.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limit.h"
#include "cli/client.h"
#include "cli/id_reader.h"
#include "cli/prog.h"
#include "cmd/cee-stat/job_stat.h"
#include "cmd/cee-stat/queue_stat.h"
#include "cmd/cee-stat/stat_prog.h"
#include "cmd/cee-stat/wait_many.h"
#include "job/compose.h"
#include "spool/follow.h"
#include "spool/ids.h"
#include "spool/jobs.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)


/* ---- recent jobs ----------------------------------------------------------------------- */

static int recent_job(void *arg, const char *id)
{
	return ids_add(arg, id) < 0 ? -1 : 0;
}

/* Prints all jobs created since then, oldest first. */
static int recent(struct stat_prog *p)
{
	struct spool_range range = { .since_us = p->since_us };
	struct ids l = { 0 };
	int failed = 0;

	/* collect the ids first: printing takes time, and more jobs may be added meanwhile */
	if (spool_each_job(&p->c.spool, p->c.owner, &range, recent_job, &l) < 0)
		prog_die(EX_OSERR, "out of memory");
	for (size_t i = 0; i < l.n; i++)
		failed |= stat_one(p, l.v[i]);
	ids_release(&l);
	return failed;
}

/* ---- options ---------------------------------------------------------------------------------- */

static const char help[] =
	"usage: cee-stat [options] [ID...]\n"
	"Prints the state and the result of jobs (- reads their ids from standard input), or without an ID\n"
	"the state of the queue.\n\n" CLIENT_GROUP_HELP
	"      --label NAME=VALUE  only jobs that have this label; without an ID or group: of the last day\n"
	"      --since TIME    the jobs that were submitted in the last 90s, 2h, 7d\n"
	"  -w, --wait          wait until they have ended; exit status 1 when one did not end with 0\n"
	"  -a, --all           the queue of all owners\n"
	"      --json          one JSON object for each job: its result, when it has ended\n" CLIENT_HELP;

enum { OPT_JSON = CLIENT_OWN, OPT_LABEL, OPT_SINCE };
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	CLIENT_GROUP_LONG,
	{ "label", required_argument, NULL, OPT_LABEL },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "wait", no_argument, NULL, 'w' },
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void add_label(struct stat_prog *p, char *label)
{
	if (!strchr(label, '=') || *label == '=')
		prog_usage("--label %s: must be NAME=VALUE", label);
	if (strings_add(&p->labels, label) < 0)
		prog_die(EX_OSERR, "out of memory");
}

static int64_t since(const char *text)
{
	struct cee_err e = { 0 };
	int64_t us, now = now_us();

	if (duration_parse(text, &us, &e) < 0)
		prog_usage("--since %s: %s", text, e.msg);
	return us < now ? now - us : 1;
}

static void parse_options(struct stat_prog *p, int argc, char **argv)
{
	int opt;

	while ((opt = prog_getopt(argc, argv, CLIENT_SHORT CLIENT_GROUP_SHORT "wa", options)) != -1)
		switch (opt) {
		case 'w':
			p->wait = true;
			break;
		case 'a':
			p->all = true;
			break;
		case OPT_JSON:
			p->json = true;
			break;
		case OPT_LABEL:
			add_label(p, optarg);
			break;
		case OPT_SINCE:
			p->since_us = since(optarg);
			break;
		default:
			client_option(&p->c, opt, help);
		}
}

int main(int argc, char **argv)
{
	struct stat_prog p = { 0 };
	int n, failed;
	bool some;

	client_init(&p.c, argv[0]);
	parse_options(&p, argc, argv);
	n = argc - optind;
	some = n > 0 || p.c.group;
	if (!some && p.wait)
		prog_usage("--wait: requires an id (- reads them from standard input) or a group");
	if (some && p.since_us)
		prog_usage("--since: not with ids or a group");
	if (!p.since_us && p.labels.n > 0)
		p.since_us = now_us() - DAY_US;
	client_open(&p.c, 0);
	follow_init(&p.f, &p.c.spool, true);
	p.f.result_only = true;
	p.lines = n != 1 || p.c.group || strcmp(argv[optind], "-") == 0;
	if (some)
		failed = p.wait && p.lines ? wait_many(&p, argv + optind, n)
					   : id_reader_each(&p.c, argv + optind, n, false, stat_one, &p);
	else
		failed = p.since_us ? recent(&p) : queue_stat(&p);
	follow_release(&p.f);
	free(p.labels.v);
	client_release(&p.c);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
