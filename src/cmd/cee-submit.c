/* cee-submit.c - cee-submit(1): checks and submits jobs, and can wait for one
 *
 * A job is checked before it is written to the spool: the queue contains complete and valid
 * jobs only. With -w the job behaves like a child process (wait_job.h).
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/names.h"
#include "cli/checked_job.h"
#include "cli/client.h"
#include "cli/job_options.h"
#include "cli/lines.h"
#include "cli/prog.h"
#include "cli/submit.h"
#include "cli/verdict_file.h"
#include "cli/wait_job.h"
#include "job/compose.h"
#include "job/job.h"
#include "job/published.h"
#include "spool/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


struct submit {
	struct client c;
	struct compose compose;
	struct published *languages;
	const char *job_path; /* -j */
	const char *id;	      /* --id */
	bool wait, relaxed;
	bool each, nul; /* --each, -0 */
	struct submitter to;
	bool has_field;		  /* an option was given that is a field of the job */
	const char *verdict;	  /* --verdict */
	struct wait_job waiting;  /* -w */
	struct spool_input input; /* -i - with -w, and any job with stdin_stream */
};

/* ---- submitting -------------------------------------------------------------------- */

static void print_id(const char *id)
{
	char line[ID_LEN + 2];
	int n = snprintf(line, sizeof line, "%s\n", id);

	if (write_full(STDOUT_FILENO, line, (size_t)n) < 0) /* otherwise a job runs whose id is unknown */
		prog_die(EX_IOERR, "standard output: %s; the job %s is in the spool", strerror(errno), id);
}

static int text_status(int err)
{
	return err == ENOENT || err == EACCES || err == EISDIR || err == EIO || err == ENOTDIR || err == ELOOP
		       ? EX_NOINPUT
	       : err == ENOMEM ? EX_OSERR
			       : EX_DATAERR;
}

/* -j FILE: the file's bytes, unchanged. */
static int read_job(const char *path, size_t max, struct buf *text, struct cee_err *e)
{
	bool standard = strcmp(path, "-") == 0;
	AUTO_CLOSE int own = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int fd = standard ? STDIN_FILENO : own;

	if (fd < 0)
		return cee_fail(e, errno, "%s: %s", path, strerror(errno));
	if (read_fd(fd, max, text) == 0)
		return 0;
	if (errno == EFBIG)
		return cee_fail(e, EFBIG, "%s: is larger than a job may be (%zu bytes, max_job of cee.conf)", path,
				max);
	return cee_fail(e, errno == EISDIR ? EISDIR : EIO, "%s: %s", path, strerror(errno));
}

static int submit_one(struct submit *u)
{
	struct job job;
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	const char *source = u->job_path;
	int r;

	if (source && strcmp(source, "-") == 0)
		source = "standard input";
	r = u->job_path ? read_job(u->job_path, (size_t)u->c.conf.max_job, &text, &e)
			: compose_text(&u->compose, u->languages, (size_t)u->c.conf.max_job, &text, &e);
	if (r < 0)
		prog_die(text_status(errno), "%s", e.msg);
	if (u->wait)
		wait_job_begin(&u->waiting);
	if (u->wait && !(u->job_path && strcmp(u->job_path, "-") == 0))
		u->to.input = u->waiting.input = &u->input; /* for a job with stdin_stream */
	if (u->wait)
		u->to.job = &job;
	r = submitter_put(&u->to, &text, u->id, id, &e);
	if (r > 0)
		prog_die(prog_status(EX_DATAERR), "%s%s%s", source ? source : "", source ? ": " : "", e.msg);
	if (r < 0)
		prog_die(submitter_status(errno), "%s", e.msg);
	if (u->wait) {
		wait_job_tests(&u->waiting, &job);
		return wait_job_to_end(&u->waiting, id);
	}
	print_id(id);
	return EXIT_SUCCESS;
}

/* ---- many -------------------------------------------------------------------------- */

/* Submits one of many jobs; messages name it `what`. Returns 0, or an exit status. */
static int submit_text(struct submit *u, struct buf *text, const char *what)
{
	struct cee_err e = { 0 };
	char id[ID_LEN + 1];
	int r = submitter_put(&u->to, text, NULL, id, &e);

	if (r < 0)
		prog_die(submitter_status(errno), "%s: %s; it and the lines after it are not submitted", what, e.msg);
	if (r > 0 && prog_status(EX_DATAERR) == EX_OSERR)
		prog_die(EX_OSERR, "%s: %s; it and the lines after it are not submitted", what, e.msg);
	if (r > 0) {
		prog_error("%s: %s", what, e.msg);
		return EX_DATAERR;
	}
	print_id(id);
	return EXIT_SUCCESS;
}

/* A line of NDJSON */
static int submit_line(struct submit *u, const char *line, size_t len, long long number)
{
	AUTO_BUF struct buf text = { 0 };
	char what[32];

	snprintf(what, sizeof what, "line %lld", number);
	if (buf_add(&text, line, len) < 0)
		prog_die(EX_OSERR, "out of memory");
	return submit_text(u, &text, what);
}

/* --each: submits the job of one file name */
static int submit_name(struct submit *u, char *name)
{
	AUTO_BUF struct buf text = { 0 };
	struct cee_err e = { 0 };
	int status, r;

	u->compose.files = (struct strings){ .v = &name, .n = 1 };
	r = compose_text(&u->compose, u->languages, (size_t)u->c.conf.max_job, &text, &e);
	u->compose.files = (struct strings){ 0 };
	if (r == 0)
		return submit_text(u, &text, name);
	status = text_status(errno);
	if (status == EX_OSERR)
		prog_die(status, "%s", e.msg);
	prog_error("%s", e.msg);
	return status;
}

/* Combines two exit statuses: an invalid job outranks an unreadable file. */
static int worse(int a, int b)
{
	return a == EX_DATAERR || b == EX_DATAERR ? EX_DATAERR : a ? a : b;
}

typedef int (*record_fn)(struct submit *u, char *line, size_t len, long long number);

/* Calls fn for each line of standard input, or each item that ends with NUL. */
static int each_record(struct submit *u, char end, size_t max, record_fn fn)
{
	struct lines l = { .fd = STDIN_FILENO, .max = max, .nul = end == 0 };
	long long number = 0;
	int status = EXIT_SUCCESS, r;
	char *line;
	size_t len;

	while ((r = lines_next(&l, &line, &len)) != 0) {
		number++;
		if (r < 0 && errno != EFBIG)
			prog_die(EX_IOERR, "standard input: %s", strerror(errno));
		if (r < 0) {
			prog_error("line %lld: is longer than the %zu bytes it may have", number, max);
			status = EX_DATAERR;
		} else {
			status = worse(status, fn(u, line, len, number));
		}
	}
	lines_release(&l);
	return status;
}

static int line_of_jobs(struct submit *u, char *line, size_t len, long long number)
{
	return strspn(line, " \t\r") < len ? submit_line(u, line, len, number) : 0;
}

static int line_of_names(struct submit *u, char *line, size_t len, long long number)
{
	if (strlen(line) == len)
		return len > 0 ? submit_name(u, line) : 0;
	prog_error("line %lld: has a NUL; with -0 names are ended by one", number);
	return EX_DATAERR;
}

static int submit_each(struct submit *u)
{
	struct strings names = u->compose.files;
	int status = EXIT_SUCCESS;

	u->compose.files = (struct strings){ 0 };
	if (names.n == 0)
		status = each_record(u, u->nul ? 0 : '\n', PATH_MAX, line_of_names);
	for (size_t i = 0; i < names.n; i++)
		status = worse(status, submit_name(u, names.v[i]));
	u->compose.files = names;
	return status;
}

/* ---- options ------------------------------------------------------------------------ */

static const char help[] =
	"usage: cee-submit [options] [-l LANGUAGE] FILE... [-- ARG...]\n"
	"       cee-submit [options] -j JOB.json\n"
	"       cee-submit [options] --each [FILE...] [-- ARG...]\n"
	"       cee-submit [options] -\n"
	"Submits a job and prints its id. The first FILE is the program's entry point; the others lie\n"
	"beside it or below. -j takes the job as JSON (- is standard input), - takes many jobs, one a line.\n\n"
	"  -l, --language NAME     default: by the first file's name or its #! line\n"
	"  -j, --job FILE          a whole job as JSON\n"
	"  -w, --wait              wait, stream both outputs, exit with the program's status\n"
	"  -i, --stdin FILE        the program's standard input; - is this one: with -w as it comes, else\n"
	"                          read to its end first\n" JOB_OPTIONS_HELP
	"      --tests DIR         run it for each NAME.in of DIR, and compare with NAME.out\n"
	"      --compare HOW       exact, trailing (default), tokens, float:ABS,REL\n"
	"      --stop-first        stop after the first test that fails\n"
	"  -g, --group NAME        its group (default: a new one)\n"
	"      --key TEXT          submitting again with this key returns the id of the first job\n"
	"      --each              submit a job for each FILE, or each name on standard input\n"
	"  -0, --null              names end with NUL, not with newlines\n"
	"      --no-block          a full queue is an error (75); default: wait for room\n"
	"      --id ID             a UUID with the time in front; to submit the job again is no error\n"
	"      --relaxed           do not wait for the disk\n"
	"  -q, --quiet             with -w: do not report which limit was exceeded\n"
	"      --raw               with -w: write control sequences as they are, also to a terminal\n"
	"      --verdict FILE|fd:N with -w: write the result's JSON there\n" CLIENT_HELP;

enum {
	OPT_ID = JOB_OPT_OWN,
	OPT_RELAXED,
	OPT_RAW,
	OPT_VERDICT,
	OPT_EACH,
	OPT_KEY,
	OPT_NO_BLOCK,
	OPT_TESTS,
	OPT_COMPARE,
	OPT_STOP_FIRST
};
/* clang-format off */
static const struct option options[] = {
	CLIENT_LONG,
	JOB_OPTIONS_LONG,
	{ "language", required_argument, NULL, 'l' },
	{ "job", required_argument, NULL, 'j' },
	{ "wait", no_argument, NULL, 'w' },
	{ "stdin", required_argument, NULL, 'i' },
	{ "tests", required_argument, NULL, OPT_TESTS },
	{ "compare", required_argument, NULL, OPT_COMPARE },
	{ "stop-first", no_argument, NULL, OPT_STOP_FIRST },
	{ "group", required_argument, NULL, 'g' },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "each", no_argument, NULL, OPT_EACH },
	{ "null", no_argument, NULL, '0' },
	{ "no-block", no_argument, NULL, OPT_NO_BLOCK },
	{ "id", required_argument, NULL, OPT_ID },
	{ "relaxed", no_argument, NULL, OPT_RELAXED },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", no_argument, NULL, OPT_RAW },
	{ "verdict", required_argument, NULL, OPT_VERDICT },
	{ NULL, 0, NULL, 0 }
};
/* clang-format on */

/* Options that are fields of the job. */
static bool field_option(struct compose *d, int opt)
{
	switch (opt) {
	case 'l':
		d->language = optarg;
		break;
	case 'i':
		d->stdin_path = optarg;
		break;
	case OPT_TESTS:
		d->tests = optarg;
		break;
	case OPT_COMPARE:
		d->compare = optarg;
		break;
	case OPT_STOP_FIRST:
		d->first_failure = true;
		break;
	default:
		return job_options_take(d, opt);
	}
	return true;
}

static void one_option(struct submit *u, int opt)
{
	switch (opt) {
	case 1:
		job_options_add(&u->compose.files, optarg);
		break;
	case 'j':
		u->job_path = optarg;
		break;
	case 'w':
		u->wait = true;
		break;
	case 'q':
		u->waiting.quiet = true;
		break;
	case OPT_ID:
		if (!id_valid(optarg))
			prog_usage("--id %s: must be a lower-case UUID of version 7, or one that cee has made", optarg);
		u->id = optarg;
		break;
	case 'g':
		if (!group_name_valid(optarg))
			prog_usage("-g %s: a name has 1 to %d bytes, no '/' and does not begin with a dot", optarg,
				   GROUP_NAME_MAX);
		u->to.group = optarg;
		break;
	case OPT_KEY:
		u->to.key = optarg;
		break;
	case OPT_EACH:
		u->each = true;
		break;
	case '0':
		u->nul = true;
		break;
	case OPT_NO_BLOCK:
		u->to.no_block = true;
		break;
	case OPT_RELAXED:
		u->relaxed = true;
		break;
	case OPT_RAW:
		u->waiting.raw = true;
		break;
	case OPT_VERDICT:
		u->verdict = optarg;
		break;
	default:
		if (field_option(&u->compose, opt))
			u->has_field = true;
		else
			client_option(&u->c, opt, help);
	}
}

static bool wants_lines(const struct submit *u)
{
	return !u->each && !u->job_path && u->compose.files.n == 1 && strcmp(u->compose.files.v[0], "-") == 0;
}

static void check_each(struct submit *u)
{
	struct strings *f = &u->compose.files;

	if (u->job_path || u->wait || u->id || u->to.key)
		prog_usage("--each submits many jobs: -j, -w, --id and --key are for one (cee-submit --each ... | "
			   "cee-log -f"
			   " waits for all)");
	if (f->n == 1 && strcmp(f->v[0], "-") == 0)
		f->n = 0;
	if (u->nul && f->n > 0)
		prog_usage("-0: only for names on standard input");
	if (u->compose.stdin_path && strcmp(u->compose.stdin_path, "-") == 0)
		prog_usage("-i -: standard input can be given to one job only; name a file");
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i], "-") == 0)
			prog_usage("-: no files beside it (it reads their names from standard input)");
}

static void check_usage(struct submit *u)
{
	const struct compose *d = &u->compose;
	const char *what = u->job_path ? "-j" : "-";

	if (u->verdict && !u->wait)
		prog_usage("--verdict: requires -w (or use cee-stat --json)");
	if (u->each) {
		check_each(u);
		return;
	}
	if (u->nul)
		prog_usage("-0: requires --each");
	if (!u->job_path && d->files.n == 0)
		prog_usage("give a file, or -j JOB");
	if (!u->job_path && !wants_lines(u)) {
		for (size_t i = 0; i < d->files.n; i++)
			if (strcmp(d->files.v[i], "-") == 0)
				prog_usage("-: no files beside it (it reads jobs from standard input)");
		return;
	}
	if ((u->job_path && d->files.n > 0) || d->arguments.n > 0)
		prog_usage("%s: takes no files and arguments (write them into the JSON)", what);
	if (u->has_field)
		prog_usage("%s: options cannot override fields of the job (write them into the JSON)", what);
	if (wants_lines(u) && (u->wait || u->id || u->to.key))
		prog_usage("- submits many jobs: -w, --id and --key are for one (cee-submit - | cee-log -f waits for "
			   "all)");
}

int main(int argc, char **argv)
{
	struct submit u = { .waiting = { .c = &u.c, .verdict = -1 },
			    .to = { .c = &u.c },
			    .input = { .dir = -1, .fd = -1 } };
	int opt, status;

	client_init(&u.c, argv[0]);
	compose_init(&u.compose);
	/* '-': files come as options of value 1, so that they differ from "--" */
	while ((opt = prog_getopt(argc, argv, "-" CLIENT_SHORT JOB_OPTIONS_SHORT "l:j:wi:qg:0", options)) != -1)
		one_option(&u, opt);
	for (; optind < argc; optind++)
		job_options_add(&u.compose.arguments, argv[optind]);
	u.wait |= u.compose.check; /* users want its findings */
	check_usage(&u);
	if (u.wait && u.compose.stdin_path && strcmp(u.compose.stdin_path, "-") == 0) {
		u.compose.stdin_path = NULL;
		u.compose.stdin_stream = true;
	}
	if (u.verdict)
		u.waiting.verdict = verdict_file_open(u.verdict);
	client_open(&u.c, 0);
	if (u.relaxed)
		u.c.spool.durable = false;
	u.languages = u.to.languages = checked_job_languages(&u.c);
	status = u.each		   ? submit_each(&u)
		 : wants_lines(&u) ? each_record(&u, '\n', (size_t)u.c.conf.max_job, line_of_jobs)
				   : submit_one(&u);
	submitter_release(&u.to);
	published_free(u.languages);
	compose_release(&u.compose);
	client_release(&u.c);
	return status;
}
