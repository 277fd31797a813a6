/* wait_job.c - waiting for a job as if it were a child process (wait_job.h)
 *
 * A first signal is passed on to the job's program or cancels the job, a second one cancels it, and once the
 * request to cancel is on the disk the next one ends this program (signals.h).
 *
 * Input is read only when it may be written: so the read never blocks, and input that the program does not take
 * stays in the pipe.
 */
#include "cli/wait_job.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/client.h"
#include "cli/prog.h"
#include "cli/signals.h"
#include "cli/sink.h"
#include "cli/tty.h"
#include "cli/verdict_file.h"
#include "job/job.h"
#include "job/reasons.h"
#include "job/result.h"
#include "job/tap.h"
#include "job/test_result.h"
#include "spool/cancel.h"
#include "spool/follow.h"
#include "spool/input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>


enum { WARN_MS = 500 };

/* ---- signals ------------------------------------------------------------------ */

void wait_job_begin(struct wait_job *a)
{
	signals_catch(a->forward, a->tty);
}

int wait_job_signal(void)
{
	return signals_last();
}

/* How the job fares then, for a message. */
static const char *cancel(struct wait_job *a)
{
	struct cee_err e = { 0 };
	const char *fate = "is cancelled";

	a->cancelling = true;
	if (spool_cancel(&a->c->spool, a->c->owner, a->f.id, &e) < 0) {
		prog_error("%s", e.msg);
		fate = "could not be cancelled; use cee-cancel";
	}
	signals_let_end();
	return fate;
}

/* Sends the signal to the job's program, which may handle it. A queued job has no program yet. */
static bool pass_on(struct wait_job *a)
{
	if (!a->forward || a->forwarded || signals_count() > 1 || a->f.attempt == 0)
		return false;
	a->forwarded = true;
	return spool_signal(&a->c->spool, a->c->owner, a->f.id, signals_last(), NULL) == 0;
}

static void heed_resize(struct wait_job *a)
{
	unsigned rows, columns;

	if (tty_size(&rows, &columns))
		spool_window(&a->c->spool, a->c->owner, a->f.id, rows, columns, NULL);
}

static void heed_signals(struct wait_job *a)
{
	if (signals_resized()) {
		signals_drain();
		heed_resize(a);
	}
	if (signals_count() == a->heeded || a->cancelling)
		return;
	a->heeded = signals_count();
	signals_drain();
	if (pass_on(a))
		return;
	cancel(a);
	if (signals_count() != a->heeded) /* another signal came while the request was being written */
		signals_exit();
	if (!a->quiet)
		prog_error("cancelling %s (interrupt again to stop waiting)", a->f.id);
	client_warn_runner(a->c, &a->warned);
}

void wait_job_exit(const struct wait_job *a, int status)
{
	struct rlimit none = { 0 };
	int sig = signals_last();

	if (a->forward && sig && status == 128 + sig) {
		tty_restore();
		setrlimit(RLIMIT_CORE, &none);
		signal(sig, SIG_DFL);
		raise(sig);
	}
	exit(status);
}

/* ---- waiting and streaming ------------------------------------------------------- */

/* The reader closed the pipe or the disk is full: cancel the job. */
static _Noreturn void output_failed(struct wait_job *a, const struct sink *k)
{
	int err = errno;
	const char *fate = cancel(a);

	tty_restore();
	if (err == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	prog_die(STATUS_INTERNAL, "standard %s: %s; %s %s", k == &a->out ? "output" : "error", strerror(err), a->f.id,
		 fate);
}

static void flush(struct wait_job *a, struct sink *k)
{
	while (sink_flush(k) < 0) {
		if (errno != EINTR)
			output_failed(a, k);
		heed_signals(a);
	}
}

/* On a terminal a message must not begin in the middle of a line of the program's output. */
static void before_note(struct wait_job *a)
{
	flush(a, &a->out);
	flush(a, &a->err);
	if (a->open_line && isatty(STDERR_FILENO) && write_full(STDERR_FILENO, "\n", 1) == 0)
		a->open_line = false;
}

/* ---- tests ----------------------------------------------------------------------- */

void wait_job_tests(struct wait_job *a, const struct job *job)
{
	a->job = *job;
}

static void put_tap(struct wait_job *a, struct buf *b, int made)
{
	if (made < 0)
		prog_die(EX_OSERR, "out of memory");
	if (sink_put(&a->out, b->data, b->len) < 0 && errno != EINTR)
		output_failed(a, &a->out);
}

static void begin_tests(struct wait_job *a)
{
	AUTO_BUF struct buf b = { 0 };

	put_tap(a, &b, tap_plan(&b, a->job.ntests));
}

/* A rerun runs all tests again: unchanged verdicts are not printed twice. */
static void report_test(struct wait_job *a, const struct follow_item *it)
{
	AUTO_BUF struct buf b = { 0 };
	struct test_result t;
	struct cee_err e;
	signed char now;

	if (test_parse(&t, it->data, it->len, &e) < 0)
		prog_die(STATUS_INTERNAL, "%s: a test's result cannot be read: %s", a->f.id, e.msg);
	now = test_passed(&t) ? 1 : -1;
	if ((size_t)t.number <= a->job.ntests && a->verdicts[t.number - 1] != now) {
		a->verdicts[t.number - 1] = now;
		put_tap(a, &b, tap_test(&b, &t));
	}
	test_release(&t);
}

/* Every test of the plan gets a line, or a line says why the rest is missing. */
static void end_tests(struct wait_job *a, const struct result *r)
{
	AUTO_BUF struct buf b = { 0 };
	int made = 0;

	if (r->why != REASON_EXITED) {
		put_tap(a, &b, tap_bail(&b, reason_name[r->why]));
		return;
	}
	for (size_t i = 0; made == 0 && i < a->job.ntests; i++)
		if (!a->verdicts[i])
			made = tap_skip(&b, (int)i + 1, a->job.tests[i].name, "a test before it failed");
	if (made == 0 && r->message)
		made = tap_comment(&b, r->message);
	put_tap(a, &b, made);
}

static bool is_of_test(const struct wait_job *a, const struct follow_item *it)
{
	return a->job.ntests && (it->what == FOLLOW_DATA || it->what == FOLLOW_GAP) && it->rec.stream != STREAM_COMPILE;
}

/* ---- output ---------------------------------------------------------------------- */

static int item(void *arg, const struct follow_item *it)
{
	struct wait_job *a = arg;
	struct sink *k = it->what == FOLLOW_TEST || (it->what == FOLLOW_DATA && it->rec.stream == STREAM_OUT) ? &a->out
													      : &a->err;

	heed_signals(a);
	if (is_of_test(a, it))
		return 0;
	if (a->last != k && a->last) /* both outputs may be the same terminal: keep their order */
		flush(a, a->last);
	a->last = k;
	switch (it->what) {
	case FOLLOW_DATA:
		a->open_line = it->data[it->len - 1] != '\n';
		if (sink_put(k, it->data, it->len) < 0 && errno != EINTR)
			output_failed(a, k);
		break;
	case FOLLOW_GAP:
		before_note(a);
		prog_error("%llu bytes of %s are missing here", (unsigned long long)it->rec.len,
			   client_stream_name(it->rec.stream));
		break;
	case FOLLOW_TEST:
		report_test(a, it);
		break;
	case FOLLOW_MARK:
		break;
	case FOLLOW_RERUN:
		before_note(a);
		prog_error("%s is run again after a failure of cee; attempt %d begins", a->f.id, it->attempt);
		break;
	}
	return 0;
}

/* ---- the program's standard input -------------------------------------------------- */

static bool input_open(const struct wait_job *a)
{
	return a->input && a->input->fd >= 0;
}

/* Limits the bytes written ahead: an endless writer must wait for the reader. */
static bool input_wanted(const struct wait_job *a)
{
	return input_open(a) && !a->cancelling && a->input->size < follow_taken(&a->f) + SPOOL_INPUT_AHEAD;
}

static _Noreturn void input_failed(struct wait_job *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static _Noreturn void input_failed(struct wait_job *a, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	prog_die(STATUS_INTERNAL, "standard input: %s; %s %s", text, a->f.id, cancel(a));
}

/* Leaves room on the disk for the output of jobs. */
static void check_room(struct wait_job *a)
{
	struct statvfs v;

	if (a->input->size < a->room_at || fstatvfs(a->c->spool.fd, &v) < 0)
		return;
	a->room_at = a->input->size + SPOOL_INPUT_TELL;
	if ((int64_t)v.f_bavail * (int64_t)v.f_frsize < a->c->conf.min_room)
		input_failed(a, "the spool's disk is full (min_room of cee.conf)");
}

static void end_input(struct wait_job *a)
{
	if (spool_input_end(a->input) < 0)
		input_failed(a, "cannot write its end into the spool: %s", strerror(errno));
}

static void forward_input(struct wait_job *a)
{
	char block[65536];
	ssize_t n = read(STDIN_FILENO, block, sizeof block);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		prog_error("standard input: %s; it ends there", strerror(errno));
		n = 0;
	}
	if (n == 0) {
		end_input(a);
		return;
	}
	if (a->input->size + n > a->c->conf.max_stdin)
		input_failed(a, "is larger than %lld bytes (max_stdin of cee.conf)", (long long)a->c->conf.max_stdin);
	check_room(a);
	if (spool_input_write(a->input, block, (size_t)n) < 0)
		input_failed(a, "cannot write it into the spool: %s", strerror(errno));
}

/* ---- to the end ---------------------------------------------------------------------- */

static void wait_more(struct wait_job *a, int timeout)
{
	struct pollfd p[2] = {
		{ .fd = a->cancelling ? -1 : signals_fd(), .events = POLLIN },
		{ .fd = input_wanted(a) ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (follow_wait(&a->f, timeout, p, 2) == 2 && p[1].revents)
		forward_input(a);
}

static void follow_to_end(struct wait_job *a)
{
	struct cee_err e = { 0 };
	int timeout = WARN_MS, r;

	while ((r = follow_step(&a->f, item, a, &e)) == 0) {
		if (a->tty && a->f.attempt > 0) /* until then typed input is for this program, Ctrl-C too */
			tty_raw();
		flush(a, &a->out);
		flush(a, &a->err);
		heed_signals(a);
		wait_more(a, a->f.attempt == 0 ? timeout : -1);
		if (a->f.attempt == 0 && timeout > 0) {
			if (!a->f.look_dir)
				client_warn_runner(a->c, &a->warned);
			timeout = -1;
		}
	}
	flush(a, &a->out);
	flush(a, &a->err);
	if (r < 0)
		prog_die(STATUS_INTERNAL, "%s", e.msg);
}

/* Reports an end that the program itself cannot have reported. */
static void report_reason(struct wait_job *a, const struct result *r)
{
	const char *message = r->message ? r->message : "", *colon = *message ? ": " : "";

	if ((r->why == REASON_EXITED && (!*message || a->job.ntests)) || (a->quiet && !result_is_internal(r)))
		return;
	before_note(a);
	if (r->why == REASON_EXITED)
		prog_error("%s", message);
	else if (r->why == REASON_SIGNALLED)
		prog_error("ended by signal %d (%s)%s%s", r->signal, strsignal(r->signal), colon, message);
	else if (result_is_internal(r))
		prog_error("%s: %s%s%s (a failure of cee, not of the program)", a->f.id, reason_name[r->why], colon,
			   message);
	else
		prog_error("%s%s%s", reason_name[r->why], colon, message);
}

int wait_job_to_end(struct wait_job *a, const char *id)
{
	struct result r;
	struct cee_err e = { 0 };
	int status;

	sink_init(&a->out, STDOUT_FILENO, a->raw);
	sink_init(&a->err, STDERR_FILENO, a->raw);
	follow_init(&a->f, &a->c->spool, true);
	a->f.tests = a->job.ntests > 0;
	a->f.taken_too = a->input != NULL;
	follow_job(&a->f, a->c->owner, id);
	if (a->job.ntests)
		begin_tests(a);
	follow_to_end(a);
	if (result_parse(&r, a->f.result.data, a->f.result.len, &e) < 0)
		prog_die(STATUS_INTERNAL, "%s: its result cannot be read: %s", id, e.msg);
	tty_restore();
	verdict_file_write(a->verdict, a->f.result.data, a->f.result.len);
	if (a->job.ntests)
		end_tests(a, &r);
	report_reason(a, &r);
	flush(a, &a->out);
	status = result_exit_status(&r);
	job_release(&a->job);
	result_release(&r);
	follow_release(&a->f);
	sink_release(&a->out);
	sink_release(&a->err);
	return status;
}
