/* cee-submit.c - cee-submit(1): checks jobs, puts them into the spool, waits for one
 *
 * Everything is checked before the spool is touched: what is in the queue is a
 * whole and valid job. With -w the job behaves like a process of ours: its
 * output is ours, our signals end it, its end is our exit status.
 *
 * Signals with -w: the handler counts, writes a byte that wakes the poll, and
 * ends the program at the second one, once the wish to cancel has been made. A
 * write that blocks is interrupted (no SA_RESTART) so that the first one is
 * heard then too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "draft.h"
#include "follow.h"

enum { WARN_MS = 500, STATUS_OURS = 125 };

struct submit {
	struct client c;
	struct draft draft;
	struct buf languages;		/* what the spool publishes; data is NULL when nothing */
	const char *job_path;		/* -j */
	const char *id;			/* --id */
	bool wait, relaxed, quiet, raw;
	bool has_field;			/* an option was given that is a field of the job */
	/* -w */
	struct follow f;
	struct sink out, err;
	struct sink *last;		/* the one written to last */
	bool open_line;			/* what it was did not end with a newline */
	bool cancelling, warned;
};

/* ---- signals ------------------------------------------------------------------ */

static volatile sig_atomic_t signals, cancel_made;
static int wake[2] = {-1, -1};

static void on_signal(int sig)
{
	int saved = errno;

	if (++signals > 1 && cancel_made)
		_exit(128 + sig);
	if (write(wake[1], "", 1) < 0) {	/* full: it is awake already */
	}
	errno = saved;
}

static void catch_signals(void)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = { .sa_handler = on_signal }, old;

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		prog_die(EX_OSERR, "pipe: %s", strerror(errno));
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++) {
		/* who started us with nohup or in the background meant it */
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(caught[i], &sa, NULL);
	}
	signal(SIGPIPE, SIG_IGN);	/* the job must be cancelled before we go */
}

static void cancel(struct submit *u)
{
	struct cee_err e = {0};

	u->cancelling = true;
	if (spool_cancel(&u->c.spool, u->c.owner, u->f.id, &e) < 0)
		prog_error("%s", e.msg);
	cancel_made = 1;
}

static void heed_signals(struct submit *u)
{
	char byte[16];

	if (!signals || u->cancelling)
		return;
	cancel(u);
	while (read(wake[0], byte, sizeof byte) > 0)
		;
	prog_error("cancelling %s; once more, and it is left to itself", u->f.id);
	client_warn_runner(&u->c, &u->warned);
}

/* ---- waiting and streaming ------------------------------------------------------- */

/* Who read us is gone, or our disk is full: the job has lost its purpose. */
static _Noreturn void output_failed(struct submit *u, const struct sink *k)
{
	int err = errno;

	cancel(u);
	if (err == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	prog_die(STATUS_OURS, "standard %s: %s; %s is cancelled", k == &u->out ? "output" : "error", strerror(err), u->f.id);
}

static void flush(struct submit *u, struct sink *k)
{
	while (sink_flush(k) < 0) {
		if (errno != EINTR)
			output_failed(u, k);
		heed_signals(u);
	}
}

/* On a terminal a line of ours does not begin in the middle of one of the program's. */
static void before_note(struct submit *u)
{
	flush(u, &u->out);
	flush(u, &u->err);
	if (u->open_line && isatty(STDERR_FILENO) && write_full(STDERR_FILENO, "\n", 1) == 0)
		u->open_line = false;
}

static int item(void *arg, const struct follow_item *it)
{
	struct submit *u = arg;
	struct sink *k = it->what == FOLLOW_DATA && it->rec.stream == STREAM_OUT ? &u->out : &u->err;

	if (signals)
		heed_signals(u);
	if (u->last != k && u->last)	/* they may be the same terminal */
		flush(u, u->last);
	u->last = k;
	switch (it->what) {
	case FOLLOW_DATA:
		u->open_line = it->data[it->len - 1] != '\n';
		if (sink_put(k, it->data, it->len) < 0 && errno != EINTR)
			output_failed(u, k);
		break;
	case FOLLOW_GAP:
		before_note(u);
		prog_error("%llu bytes of %s are missing here",
			   (unsigned long long)it->rec.len, client_stream_name(it->rec.stream));
		break;
	case FOLLOW_RERUN:
		before_note(u);
		prog_error("%s is run again after a failure of the engine; attempt %d begins", u->f.id, it->attempt);
		break;
	}
	return 0;
}

static void follow_to_end(struct submit *u)
{
	struct pollfd signal_pipe = { .fd = wake[0], .events = POLLIN };
	struct cee_err e = {0};
	int timeout = WARN_MS, r;

	while ((r = follow_step(&u->f, item, u, &e)) == 0) {
		flush(u, &u->out);
		flush(u, &u->err);
		heed_signals(u);
		if (u->cancelling)
			signal_pipe.fd = -1;
		follow_wait(&u->f, u->f.attempt == 0 ? timeout : -1, &signal_pipe, 1);
		if (u->f.attempt == 0 && timeout > 0) {
			if (!u->f.look_dir)
				client_warn_runner(&u->c, &u->warned);
			timeout = -1;
		}
	}
	flush(u, &u->out);
	flush(u, &u->err);
	if (r < 0)
		prog_die(STATUS_OURS, "%s", e.msg);
}

/* What the program cannot have said itself. */
static void say_why(struct submit *u, const struct result *r)
{
	const char *message = r->message ? r->message : "", *colon = *message ? ": " : "";

	if (r->why == WHY_EXITED && !*message)
		return;
	before_note(u);
	if (r->why == WHY_EXITED)
		prog_error("%s", message);
	else if (r->why == WHY_SIGNALLED)
		prog_error("ended by signal %d (%s)%s%s", r->signal, strsignal(r->signal), colon, message);
	else if (result_exit_status(r) == STATUS_OURS)
		prog_error("%s: %s%s%s (a failure of the engine, not of the program)", u->f.id, why_name[r->why], colon, message);
	else if (!u->quiet)
		prog_error("%s%s%s", why_name[r->why], colon, message);
}

static int wait_for(struct submit *u, const char *id)
{
	struct result r;
	struct cee_err e = {0};
	int status;

	sink_init(&u->out, STDOUT_FILENO, u->raw);
	sink_init(&u->err, STDERR_FILENO, u->raw);
	follow_init(&u->f, &u->c.spool, true);
	follow_job(&u->f, u->c.owner, id);
	follow_to_end(u);
	if (result_parse(&r, u->f.result.data, u->f.result.len, &e) < 0)
		prog_die(STATUS_OURS, "%s: its result cannot be read: %s", id, e.msg);
	say_why(u, &r);
	status = result_exit_status(&r);
	result_release(&r);
	follow_release(&u->f);
	buf_release(&u->out.b);
	buf_release(&u->err.b);
	return status;
}

/* ---- submitting -------------------------------------------------------------------- */

static void read_languages(struct submit *u)
{
	if (spool_languages_read(&u->c.spool, &u->languages) < 0 && errno != ENOENT)
		prog_die(EX_UNAVAILABLE, "%s/languages.json: %s", u->c.conf.spool, strerror(errno));
}

/* Is text a job that may be submitted? Its priority is all we need of it. */
static int check(struct submit *u, const char *text, size_t len, int *priority, struct cee_err *e)
{
	struct job j;
	int r;

	if (len > (size_t)u->c.conf.max_job)
		return cee_fail(e, EFBIG, "the job is %zu bytes, %lld are the most (max_job of cee.conf)",
				len, (long long)u->c.conf.max_job);
	if (job_parse(&j, text, len, e) < 0)
		return -1;
	*priority = j.priority;
	r = job_check(&j, &u->c.conf, u->languages.data, u->languages.len, e);
	job_release(&j);
	return r;
}

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
	int priority = 0, r;

	if (source && strcmp(source, "-") == 0)
		source = "standard input";
	r = u->job_path ? read_job(u->job_path, (size_t)u->c.conf.max_job, &text, &e)
			: draft_text(&u->draft, u->languages.data, u->languages.len, (size_t)u->c.conf.max_job, &text, &e);
	if (r < 0)
		prog_die(text_status(errno), "%s", e.msg);
	if (check(u, text.data ? text.data : "", text.len, &priority, &e) < 0)
		prog_die(EX_DATAERR, "%s%s%s", source ? source : "", source ? ": " : "", e.msg);
	if (!id) {
		id_make(made);
		id = made;
	}
	if (u->wait)
		catch_signals();
	if (submit(u, id, &text, priority, &e) < 0)
		prog_die(submit_status(errno), "%s", e.msg);
	if (u->wait)
		return wait_for(u, id);
	print_id(id);
	return EXIT_SUCCESS;
}

/* A line of NDJSON: 0, or the exit status that it asks for. */
static int submit_line(struct submit *u, const char *line, size_t len, long long number)
{
	struct buf text = { .data = (char *)(uintptr_t)line, .len = len };
	struct cee_err e = {0};
	char id[ID_LEN + 1];
	int priority = 0;

	if (check(u, line, len, &priority, &e) < 0) {
		prog_error("line %lld: %s", number, e.msg);
		return EX_DATAERR;
	}
	id_make(id);
	if (submit(u, id, &text, priority, &e) < 0)
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
	"  -l, --language NAME     else by the first file's extension\n"
	"  -w, --wait              waits, streams both outputs, exits with the program's status\n"
	"  -i, --stdin FILE        the program's standard input (- is ours, read to its end first)\n"
	"  -E, --env NAME=VALUE    sets a variable of its environment\n"
	"  -L, --limit NAME=VALUE  cpu=2s, wall=10s, memory=64M, ...; compile.NAME for the compiler's\n"
	"  -p, --package NAME@VERSION\n"
	"      --framework NAME    a .NET target framework, as net6.0\n"
	"      --merge             one pipe for both outputs: their order is exact\n"
	"      --buffer full|live\n"
	"      --priority N        0 first ... 9 last; 5 otherwise\n"
	"      --start-within TIME not begun by then it ends as expired\n"
	"      --retries N         reruns after a failure of ours, 0 to 3; 1 otherwise\n"
	"      --keep TIME         how long the result stays\n"
	"      --label NAME=VALUE\n"
	"      --id ID             a UUID of version 7 of your own; submitting the same again is no error\n"
	"      --relaxed           does not wait for the disk\n"
	"  -q, --quiet             with -w: does not say which limit was hit\n"
	"      --raw               with -w: control sequences as they are, also on a terminal\n"
	CLIENT_HELP;

enum {
	OPT_FRAMEWORK = CLIENT_OWN, OPT_MERGE, OPT_BUFFER, OPT_PRIORITY, OPT_START_WITHIN, OPT_RETRIES, OPT_KEEP,
	OPT_LABEL, OPT_ID, OPT_RELAXED, OPT_RAW
};
static const struct option options[] = {
	CLIENT_LONG,
	{"language", required_argument, NULL, 'l'}, {"job", required_argument, NULL, 'j'}, {"wait", no_argument, NULL, 'w'},
	{"stdin", required_argument, NULL, 'i'}, {"env", required_argument, NULL, 'E'},
	{"limit", required_argument, NULL, 'L'}, {"package", required_argument, NULL, 'p'},
	{"framework", required_argument, NULL, OPT_FRAMEWORK}, {"merge", no_argument, NULL, OPT_MERGE},
	{"buffer", required_argument, NULL, OPT_BUFFER}, {"priority", required_argument, NULL, OPT_PRIORITY},
	{"start-within", required_argument, NULL, OPT_START_WITHIN}, {"retries", required_argument, NULL, OPT_RETRIES},
	{"keep", required_argument, NULL, OPT_KEEP}, {"label", required_argument, NULL, OPT_LABEL},
	{"id", required_argument, NULL, OPT_ID}, {"relaxed", no_argument, NULL, OPT_RELAXED},
	{"quiet", no_argument, NULL, 'q'}, {"raw", no_argument, NULL, OPT_RAW}, {NULL, 0, NULL, 0}
};

static int small_number(const char *option, const char *s, int max)
{
	if (s[0] < '0' || s[0] > '0' + max || s[1])
		prog_usage("%s %s: must be 0 to %d", option, s, max);
	return s[0] - '0';
}

static void add(struct strings *s, char *text)
{
	if (strings_add(s, text) < 0)
		prog_die(EX_OSERR, "out of memory");
}

/* Options that are fields of the job. */
static bool field_option(struct draft *d, int opt)
{
	switch (opt) {
	case 'l': d->language = optarg; break;
	case 'i': d->stdin_path = optarg; break;
	case 'E': add(&d->env, optarg); break;
	case 'L': add(&d->limits, optarg); break;
	case 'p': add(&d->packages, optarg); break;
	case OPT_FRAMEWORK: d->framework = optarg; break;
	case OPT_MERGE: d->merge = true; break;
	case OPT_BUFFER: d->buffer = optarg; break;
	case OPT_PRIORITY: d->priority = small_number("--priority", optarg, 9); break;
	case OPT_START_WITHIN: d->start_within = optarg; break;
	case OPT_RETRIES: d->retries = small_number("--retries", optarg, 3); break;
	case OPT_KEEP: d->keep = optarg; break;
	case OPT_LABEL: add(&d->labels, optarg); break;
	default: return false;
	}
	return true;
}

static void one_option(struct submit *u, int opt)
{
	switch (opt) {
	case 1: add(&u->draft.files, optarg); break;
	case 'j': u->job_path = optarg; break;
	case 'w': u->wait = true; break;
	case 'q': u->quiet = true; break;
	case OPT_ID:
		if (!id_valid(optarg))
			prog_usage("--id %s: must be a lower-case UUID of version 7", optarg);
		u->id = optarg;
		break;
	case OPT_RELAXED: u->relaxed = true; break;
	case OPT_RAW: u->raw = true; break;
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
	struct submit u = {0};
	int opt, status;

	client_init(&u.c, argv[0]);
	draft_init(&u.draft);
	/* '-': files come as options of value 1, so that "--" can be told from them */
	while ((opt = getopt_long(argc, argv, "-" CLIENT_SHORT "l:j:wi:E:L:p:q", options, NULL)) != -1)
		one_option(&u, opt);
	for (; optind < argc; optind++)
		add(&u.draft.arguments, argv[optind]);
	check_usage(&u);
	client_open(&u.c, 0);
	if (u.relaxed)
		u.c.spool.durable = false;
	read_languages(&u);
	status = wants_lines(&u) ? submit_lines(&u) : submit_one(&u);
	buf_release(&u.languages);
	draft_release(&u.draft);
	client_release(&u.c);
	return status;
}
