/* cee-run.c - cee-run(1): runs a program in a box, like a filter
 *
 * Submits the program, passes on standard input, both outputs and signals, and exits with
 * the program's status, so cee-run behaves like the program. It prints only failures of
 * cee, and exits with 125 for its own failures, as env(1), nohup(1) and timeout(1) do: every
 * other status is the program's.
 *
 * The job is not synced: after a power cut no process waits for it any more.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/id.h"
#include "base/names.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/job_options.h"
#include "cli/prog.h"
#include "cli/submit.h"
#include "cli/tty.h"
#include "cli/verdict_file.h"
#include "cli/wait_job.h"
#include "job/compose.h"
#include "job/detect.h"
#include "job/published.h"
#include "job/reasons.h"
#include "spool/input.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


struct run {
	struct client c;
	struct compose compose;
	struct published *languages;
	struct submitter to;
	struct wait_job waiting;
	char term[80]; /* TERM=... for the job's terminal */
	struct spool_input input;
	const char *verdict;
	bool no_stdin;
};

static void usage_of(struct run *u, int argc, char **argv)
{
	struct strings with = u->compose.files; /* --with */

	if (optind == argc)
		prog_usage("give a language");
	u->compose.language = argv[optind++];
	u->compose.files = (struct strings){ 0 };
	job_options_add(&u->compose.files, optind < argc ? argv[optind++] : (char *)(uintptr_t) "-");
	for (size_t i = 0; i < with.n; i++)
		job_options_add(&u->compose.files, with.v[i]);
	free(with.v);
	for (; optind < argc; optind++)
		job_options_add(&u->compose.arguments, argv[optind]);
}

/* The job's terminal gets the type and size of the user's, and its output is shown unchanged. */
static void like_user_terminal(struct run *u)
{
	struct compose *d = &u->compose;
	const char *term = getenv("TERM");

	u->waiting.tty = u->waiting.raw = true;
	if (tty_size(&d->rows, &d->columns) == false)
		d->rows = d->columns = 0;
	for (size_t i = 0; i < d->env.n; i++)
		if (strncmp(d->env.v[i], "TERM=", 5) == 0)
			return;
	snprintf(u->term, sizeof u->term, "TERM=dumb");
	if (term && *term && strlen(term) < sizeof u->term - 5)
		snprintf(u->term, sizeof u->term, "TERM=%s", term);
	job_options_add(&d->env, u->term);
}

static void make_job(struct run *u, struct buf *text)
{
	struct compose *d = &u->compose;
	struct cee_err e = { 0 };
	AUTO_FREE char *entry = NULL;

	u->languages = u->to.languages = checked_job_languages(&u->c);
	if (strcmp(d->files.v[0], "-") == 0)
		d->entry = entry = detect_entry(u->languages, d->language);
	else if (!u->no_stdin)
		d->stdin_stream = true;
	if (compose_text(d, u->languages, (size_t)u->c.conf.max_job, text, &e) < 0)
		prog_die(prog_status(EX_DATAERR), "%s", e.msg);
	d->entry = NULL;
}

static int run_job(struct run *u)
{
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];

	if (u->compose.tty)
		like_user_terminal(u);
	make_job(u, &text);
	if (u->compose.stdin_stream)
		u->to.input = u->waiting.input = &u->input;
	wait_job_begin(&u->waiting);
	if (submitter_put(&u->to, &text, NULL, id, &e) == 0)
		return wait_job_to_end(&u->waiting, id);
	if (errno == EINTR)
		wait_job_exit(&u->waiting, 128 + wait_job_signal());
	prog_die(EX_IOERR, "%s", e.msg);
}

static const char help[] =
	"usage: cee-run [options] LANGUAGE FILE [ARG...]\n"
	"       cee-run [options] LANGUAGE < PROGRAM\n"
	"Runs a program in a box as a filter: standard input, both outputs, signals and the exit status\n"
	"are the program's. A script may begin with \"#!/usr/bin/cee-run python\".\n\n"
	"  -n, --no-stdin          do not read standard input; the program's is empty\n"
	"  -g, --group NAME        the group it belongs to\n"
	"      --with FILE         another file of the program, beside FILE or below\n"
	"      --raw               write control sequences as they are, also to a terminal\n"
	"      --verdict FILE|fd:N write the result's JSON there\n" JOB_OPTIONS_HELP CLIENT_HELP;

enum { OPT_WITH = JOB_OPT_OWN, OPT_RAW, OPT_VERDICT };
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	JOB_OPTIONS_LONG,
	{ "no-stdin", no_argument, NULL, 'n' },
	{ "group", required_argument, NULL, 'g' },
	{ "with", required_argument, NULL, OPT_WITH },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "verdict", required_argument, NULL, OPT_VERDICT },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

static void one_option(struct run *u, int opt)
{
	switch (opt) {
	case 'n':
		u->no_stdin = true;
		break;
	case 'g':
		if (!group_name_valid(optarg))
			prog_usage("-g %s: not a valid group name", optarg);
		u->to.group = optarg;
		break;
	case OPT_WITH:
		job_options_add(&u->compose.files, optarg);
		break;
	case OPT_RAW:
		u->waiting.raw = true;
		break;
	case OPT_VERDICT:
		u->verdict = optarg;
		break;
	default:
		if (!job_options_take(&u->compose, opt))
			client_option(&u->c, opt, help);
	}
}

int main(int argc, char **argv)
{
	struct run u = { .to = { .c = &u.c },
			 .waiting = { .c = &u.c, .quiet = true, .forward = true, .verdict = -1 },
			 .input = { .dir = -1, .fd = -1 } };
	int opt, status;

	client_init(&u.c, argv[0]);
	prog_failure = STATUS_INTERNAL;
	compose_init(&u.compose);
	/* '+': words after LANGUAGE belong to the program */
	while ((opt = prog_getopt(argc, argv, "+" CLIENT_SHORT JOB_OPTIONS_SHORT "ng:", options)) != -1)
		one_option(&u, opt);
	usage_of(&u, argc, argv);
	if (u.verdict)
		u.waiting.verdict = verdict_file_open(u.verdict);
	client_open(&u.c, 0);
	u.c.spool.durable = false;
	status = run_job(&u);
	spool_input_leave(&u.input);
	submitter_release(&u.to);
	published_free(u.languages);
	compose_release(&u.compose);
	client_release(&u.c);
	wait_job_exit(&u.waiting, status);
}
