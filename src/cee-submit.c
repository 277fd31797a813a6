/* cee-submit.c - cee-submit(1): checks jobs, puts them into the spool, waits for one
 *
 * Everything is checked before the spool is touched: what is in the queue is a
 * whole and valid job. With -w the job behaves like a process of ours (attend.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attend.h"
#include "offer.h"

struct submit {
	struct client c;
	struct draft draft;
	struct buf languages;		/* what the spool publishes; data is NULL when nothing */
	const char *job_path;		/* -j */
	const char *id;			/* --id */
	bool wait, relaxed;
	bool has_field;			/* an option was given that is a field of the job */
	const char *verdict;		/* --verdict */
	struct attend attend;		/* -w */
};

/* ---- submitting -------------------------------------------------------------------- */

static int submit_status(int err)
{
	switch (err) {
	case EAGAIN:
		return EX_TEMPFAIL;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EINVAL:
	case EEXIST:
		return EX_DATAERR;
	default:
		return EX_IOERR;
	}
}

/* A client that chose the id may ask again: the same job under it is a success. */
static bool same_job(struct submit *u, const char *id, const struct buf *text)
{
	AUTO_BUF struct buf there = {0};

	return spool_read_job(&u->c.spool, u->c.owner, id, (size_t)u->c.conf.max_job, &there) == 0 &&
	       there.len == text->len && memcmp(there.data, text->data, text->len) == 0;
}

static int submit(struct submit *u, const char *id, const struct buf *text, int priority, struct cee_err *e)
{
	struct spool_bounds bounds = {
		.max_queued = u->c.conf.max_queued, .min_room = u->c.conf.min_room, .fresh = !u->id
	};

	if (spool_submit(&u->c.spool, u->c.owner, id, priority, text->data, text->len, &bounds, e) == 0)
		return 0;
	if (errno == EEXIST && u->id) {
		if (same_job(u, id, text))
			return 0;
		return cee_fail(e, EEXIST, "%s: another job has this id already", id);
	}
	return -1;
}

static void print_id(const char *id)
{
	char line[ID_LEN + 2];
	int n = snprintf(line, sizeof line, "%s\n", id);

	if (write_full(STDOUT_FILENO, line, (size_t)n) < 0)
		prog_die(EX_IOERR, "standard output: %s", strerror(errno));
}

static int text_status(int err)
{
	return err == ENOENT || err == EACCES || err == EISDIR || err == EIO || err == ENOTDIR || err == ELOOP ? EX_NOINPUT :
	       err == ENOMEM ? EX_OSERR : EX_DATAERR;
}

/* -j FILE: the bytes as they stand. */
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
		return cee_fail(e, EFBIG, "%s: is larger than a job may be (%zu bytes, max_job of cee.conf)", path, max);
	return cee_fail(e, errno == EISDIR ? EISDIR : EIO, "%s: %s", path, strerror(errno));
}

static int submit_one(struct submit *u)
{
	AUTO_BUF struct buf text = {0};
	struct cee_err e = {0};
	char made[ID_LEN + 1];
	const char *id = u->id, *source = u->job_path;
	struct offer o = {0};
	int r;

	if (source && strcmp(source, "-") == 0)
		source = "standard input";
	r = u->job_path ? read_job(u->job_path, (size_t)u->c.conf.max_job, &text, &e)
			: draft_text(&u->draft, u->languages.data, u->languages.len, (size_t)u->c.conf.max_job, &text, &e);
	if (r < 0)
		prog_die(text_status(errno), "%s", e.msg);
	if (offer_check(&u->c, &u->languages, text.data ? text.data : "", text.len, &o, &e) < 0)
		prog_die(EX_DATAERR, "%s%s%s", source ? source : "", source ? ": " : "", e.msg);
	if (!id) {
		id_make(made);
		id = made;
	}
	if (u->wait)
		attend_begin(&u->attend);
	if (submit(u, id, &text, o.priority, &e) < 0)
		prog_die(submit_status(errno), "%s", e.msg);
	if (u->wait)
		return attend_job(&u->attend, id);
	print_id(id);
	return EXIT_SUCCESS;
}

/* A line of NDJSON: 0, or the exit status that it asks for. */
static int submit_line(struct submit *u, const char *line, size_t len, long long number)
{
	struct buf text = { .data = (char *)(uintptr_t)line, .len = len };
	struct cee_err e = {0};
	char id[ID_LEN + 1];
	struct offer o = {0};

	if (offer_check(&u->c, &u->languages, line, len, &o, &e) < 0) {
		prog_error("line %lld: %s", number, e.msg);
		return EX_DATAERR;
	}
	id_make(id);
	if (submit(u, id, &text, o.priority, &e) < 0)
		prog_die(submit_status(errno), "line %lld: %s; it and what follows it is not submitted", number, e.msg);
	print_id(id);
	return EXIT_SUCCESS;
}

static int submit_lines(struct submit *u)
{
	struct lines l = { .fd = STDIN_FILENO, .max = (size_t)u->c.conf.max_job };
	long long number = 0;
	int status = EXIT_SUCCESS, r;
	char *line;
	size_t len;

	while ((r = lines_next(&l, &line, &len)) != 0) {
		number++;
		if (r < 0 && errno != EFBIG)
			prog_die(EX_IOERR, "standard input: %s", strerror(errno));
		if (r < 0) {
			prog_error("line %lld: is longer than a job may be (%lld bytes, max_job of cee.conf)",
				   number, (long long)u->c.conf.max_job);
			status = EX_DATAERR;
		} else if (strspn(line, " \t\r") < len) {
			r = submit_line(u, line, len, number);
			status = r ? r : status;
		}
	}
	lines_release(&l);
	return status;
}

/* ---- options ------------------------------------------------------------------------ */

static const char help[] =
	"usage: cee-submit [options] [-l LANGUAGE] FILE... [-- ARG...]\n"
	"       cee-submit [options] -j JOB.json\n"
	"       cee-submit [options] -\n"
	"Submits a job and prints its id. The first FILE is the program's entry point; the others lie\n"
	"beside it or below. -j takes the job as JSON (- is standard input), - takes many, one a line.\n\n"
	"  -l, --language NAME     else as the first file is called, or as its #! line says\n"
	"  -w, --wait              waits, streams both outputs, exits with the program's status\n"
	"  -i, --stdin FILE        the program's standard input (- is ours, read to its end first)\n"
	OFFER_HELP
	"      --id ID             a UUID of version 7 of your own; submitting the same again is no error\n"
	"      --relaxed           does not wait for the disk\n"
	"  -q, --quiet             with -w: does not say which limit was hit\n"
	"      --raw               with -w: control sequences as they are, also on a terminal\n"
	"      --verdict FILE|fd:N with -w: writes the result's JSON there\n"
	CLIENT_HELP;

enum { OPT_ID = OFFER_OWN, OPT_RELAXED, OPT_RAW, OPT_VERDICT };
static const struct option options[] = {
	CLIENT_LONG, OFFER_LONG,
	{"language", required_argument, NULL, 'l'}, {"job", required_argument, NULL, 'j'}, {"wait", no_argument, NULL, 'w'},
	{"stdin", required_argument, NULL, 'i'},
	{"id", required_argument, NULL, OPT_ID}, {"relaxed", no_argument, NULL, OPT_RELAXED},
	{"quiet", no_argument, NULL, 'q'}, {"raw", no_argument, NULL, OPT_RAW},
	{"verdict", required_argument, NULL, OPT_VERDICT}, {NULL, 0, NULL, 0}
};

/* Options that are fields of the job. */
static bool field_option(struct draft *d, int opt)
{
	switch (opt) {
	case 'l': d->language = optarg; break;
	case 'i': d->stdin_path = optarg; break;
	default: return offer_option(d, opt);
	}
	return true;
}

static void one_option(struct submit *u, int opt)
{
	switch (opt) {
	case 1: offer_add(&u->draft.files, optarg); break;
	case 'j': u->job_path = optarg; break;
	case 'w': u->wait = true; break;
	case 'q': u->attend.quiet = true; break;
	case OPT_ID:
		if (!id_valid(optarg))
			prog_usage("--id %s: must be a lower-case UUID of version 7", optarg);
		u->id = optarg;
		break;
	case OPT_RELAXED: u->relaxed = true; break;
	case OPT_RAW: u->attend.raw = true; break;
	case OPT_VERDICT: u->verdict = optarg; break;
	default:
		if (field_option(&u->draft, opt))
			u->has_field = true;
		else
			client_option(&u->c, opt, help);
	}
}

static bool wants_lines(const struct submit *u)
{
	return !u->job_path && u->draft.files.n == 1 && strcmp(u->draft.files.v[0], "-") == 0;
}

static void check_usage(const struct submit *u)
{
	const struct draft *d = &u->draft;
	const char *what = u->job_path ? "-j" : "-";

	if (u->verdict && !u->wait)
		prog_usage("--verdict: the result is known to who waits for it: give -w too, or use cee-stat --json");
	if (!u->job_path && d->files.n == 0)
		prog_usage("no file is given");
	if (!u->job_path && !wants_lines(u)) {
		for (size_t i = 0; i < d->files.n; i++)
			if (strcmp(d->files.v[i], "-") == 0)
				prog_usage("- stands alone: it reads jobs, not a program");
		return;
	}
	if ((u->job_path && d->files.n > 0) || d->arguments.n > 0)
		prog_usage("%s: files and arguments belong into the job", what);
	if (u->has_field)
		prog_usage("%s: what is in the job cannot be given as an option besides", what);
	if (wants_lines(u) && (u->wait || u->id))
		prog_usage("- submits many jobs: -w and --id are for one (cee-submit - | cee-log -f waits for all)");
}

int main(int argc, char **argv)
{
	struct submit u = { .attend = { .c = &u.c, .verdict = -1 } };
	int opt, status;

	client_init(&u.c, argv[0]);
	draft_init(&u.draft);
	/* '-': files come as options of value 1, so that "--" can be told from them */
	while ((opt = getopt_long(argc, argv, "-" CLIENT_SHORT OFFER_SHORT "l:j:wi:q", options, NULL)) != -1)
		one_option(&u, opt);
	for (; optind < argc; optind++)
		offer_add(&u.draft.arguments, argv[optind]);
	u.wait |= u.draft.check;	/* its findings are what it is for */
	check_usage(&u);
	if (u.verdict)
		u.attend.verdict = client_verdict_open(u.verdict);
	client_open(&u.c, 0);
	if (u.relaxed)
		u.c.spool.durable = false;
	offer_languages(&u.c, &u.languages);
	status = wants_lines(&u) ? submit_lines(&u) : submit_one(&u);
	buf_release(&u.languages);
	draft_release(&u.draft);
	client_release(&u.c);
	return status;
}
