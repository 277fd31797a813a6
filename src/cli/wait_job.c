/* attend.c - waiting for a job as if it were a process of ours (attend.h)
 *
 * Signals: the handler counts, writes a byte that wakes the poll, and ends the
 * program at the next one once the wish to cancel has been made. A write that
 * blocks is interrupted (no SA_RESTART) so that the first one is heard then too.
 *
 * Input is read only where it may be written: so the read never blocks, and what
 * the program does not take stays with whoever writes to us.
 */
#include "cli/wait_job.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "cli/client.h"
#include "cli/prog.h"
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
#include "wire/frame_types.h"

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

static volatile sig_atomic_t signals, last_signal, cancel_made, resized;
static int wake[2] = { -1, -1 };

static void on_signal(int sig)
{
	int saved = errno;

	signals++;
	last_signal = sig;
	if (cancel_made) {
		tty_restore();
		_exit(128 + sig);
	}
	if (write(wake[1], "", 1) < 0) { /* full: it is awake already */
	}
	errno = saved;
}

static void on_resize(int sig)
{
	int saved = errno;

	(void)sig;
	resized = 1;
	if (write(wake[1], "", 1) < 0) {
	}
	errno = saved;
}

void attend_begin(struct attend *a)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t n = sizeof caught / sizeof *caught - (a->forward ? 0 : 1);
	struct sigaction sa = { .sa_handler = on_signal }, old;

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		prog_die(EX_OSERR, "pipe: %s", strerror(errno));
	for (size_t i = 0; i < n; i++) {
		/* who started us with nohup or in the background meant it */
		if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(caught[i], &sa, NULL);
	}
	sa.sa_handler = on_resize;
	if (a->tty)
		sigaction(SIGWINCH, &sa, NULL);
	signal(SIGPIPE, SIG_IGN); /* the job must be cancelled before we go */
}

int attend_signal(void)
{
	return last_signal;
}

static void cancel(struct attend *a)
{
	struct cee_err e = { 0 };

	a->cancelling = true;
	if (spool_cancel(&a->c->spool, a->c->owner, a->f.id, &e) < 0)
		prog_error("%s", e.msg);
	cancel_made = 1;
}

/* The program has it, and may go on. A job that waits has none. */
static bool pass_on(struct attend *a)
{
	if (!a->forward || a->forwarded || signals > 1 || a->f.attempt == 0)
		return false;
	a->forwarded = true;
	return spool_signal(&a->c->spool, a->c->owner, a->f.id, last_signal, NULL) == 0;
}

static void heed_resize(struct attend *a)
{
	unsigned rows, columns;

	resized = 0;
	if (tty_size(&rows, &columns))
		spool_window(&a->c->spool, a->c->owner, a->f.id, rows, columns, NULL);
}

static void heed_signals(struct attend *a)
{
	static int heeded;
	char byte[16];

	if (resized) {
		while (read(wake[0], byte, sizeof byte) > 0)
			;
		heed_resize(a);
	}
	if (signals == heeded || a->cancelling)
		return;
	heeded = signals;
	while (read(wake[0], byte, sizeof byte) > 0)
		;
	if (pass_on(a))
		return;
	cancel(a);
	if (signals != heeded) { /* the next one came while the wish was on its way to the disk */
		tty_restore();
		_exit(128 + last_signal);
	}
	if (!a->quiet)
		prog_error("cancelling %s; once more, and it is left to itself", a->f.id);
	client_warn_runner(a->c, &a->warned);
}

void attend_exit(const struct attend *a, int status)
{
	struct rlimit none = { 0 };

	if (a->forward && last_signal && status == 128 + last_signal) {
		tty_restore();
		setrlimit(RLIMIT_CORE, &none);
		signal(last_signal, SIG_DFL);
		raise(last_signal);
	}
	exit(status);
}

/* ---- waiting and streaming ------------------------------------------------------- */

/* Who read us is gone, or our disk is full: the job has lost its purpose. */
static _Noreturn void output_failed(struct attend *a, const struct sink *k)
{
	int err = errno;

	cancel(a);
	tty_restore();
	if (err == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	prog_die(STATUS_OURS, "standard %s: %s; %s is cancelled", k == &a->out ? "output" : "error", strerror(err),
		 a->f.id);
}

static void flush(struct attend *a, struct sink *k)
{
	while (sink_flush(k) < 0) {
		if (errno != EINTR)
			output_failed(a, k);
		heed_signals(a);
	}
}

/* On a terminal a line of ours does not begin in the middle of one of the program's. */
static void before_note(struct attend *a)
{
	flush(a, &a->out);
	flush(a, &a->err);
	if (a->open_line && isatty(STDERR_FILENO) && write_full(STDERR_FILENO, "\n", 1) == 0)
		a->open_line = false;
}

/* ---- tests ----------------------------------------------------------------------- */

void attend_tests(struct attend *a, const char *text, size_t len)
{
	if (job_parse(&a->job, text, len, NULL) < 0)
		prog_die(EX_SOFTWARE, "the job that was submitted cannot be read again");
}

static void put_tap(struct attend *a, struct buf *b, int made)
{
	if (made < 0)
		prog_die(EX_OSERR, "out of memory");
	if (sink_put(&a->out, b->data, b->len) < 0 && errno != EINTR)
		output_failed(a, &a->out);
}

static void begin_tests(struct attend *a)
{
	AUTO_BUF struct buf b = { 0 };

	put_tap(a, &b, tap_plan(&b, a->job.ntests));
}

/* A rerun runs them all again: what is as it was is not said twice. */
static void tell_test(struct attend *a, const struct follow_item *it)
{
	AUTO_BUF struct buf b = { 0 };
	struct test_result t;
	struct cee_err e;
	signed char now;

	if (test_parse(&t, it->data, it->len, &e) < 0)
		prog_die(STATUS_OURS, "%s: a test's result cannot be read: %s", a->f.id, e.msg);
	now = test_passed(&t) ? 1 : -1;
	if ((size_t)t.number <= a->job.ntests && a->verdicts[t.number - 1] != now) {
		a->verdicts[t.number - 1] = now;
		put_tap(a, &b, tap_test(&b, &t));
	}
	test_release(&t);
}

/* Every test of the plan has its line, or it is said why there are no more. */
static void end_tests(struct attend *a, const struct result *r)
{
	AUTO_BUF struct buf b = { 0 };
	int made = 0;

	if (r->why != WHY_EXITED) {
		put_tap(a, &b, tap_bail(&b, why_name[r->why]));
		return;
	}
	for (size_t i = 0; made == 0 && i < a->job.ntests; i++)
		if (!a->verdicts[i])
			made = tap_skip(&b, (int)i + 1, a->job.tests[i].name, "a test before it failed");
	if (made == 0 && r->message)
		made = tap_comment(&b, r->message);
	put_tap(a, &b, made);
}

static bool is_of_test(const struct attend *a, const struct follow_item *it)
{
	return a->job.ntests && (it->what == FOLLOW_DATA || it->what == FOLLOW_GAP) && it->rec.stream != STREAM_COMPILE;
}

/* ---- output ---------------------------------------------------------------------- */

static int item(void *arg, const struct follow_item *it)
{
	struct attend *a = arg;
	struct sink *k = it->what == FOLLOW_TEST || (it->what == FOLLOW_DATA && it->rec.stream == STREAM_OUT) ? &a->out
													      : &a->err;

	heed_signals(a);
	if (is_of_test(a, it))
		return 0;
	if (a->last != k && a->last) /* they may be the same terminal */
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
		tell_test(a, it);
		break;
	case FOLLOW_MARK:
		break;
	case FOLLOW_RERUN:
		before_note(a);
		prog_error("%s is run again after a failure of the engine; attempt %d begins", a->f.id, it->attempt);
		break;
	}
	return 0;
}

/* ---- our standard input is the program's ------------------------------------------- */

static bool input_open(const struct attend *a)
{
	return a->input && a->input->fd >= 0;
}

/* No more is written ahead than this: who writes without end waits for who reads. */
static bool input_wanted(const struct attend *a)
{
	return input_open(a) && !a->cancelling && a->input->size < follow_taken(&a->f) + SPOOL_INPUT_AHEAD;
}

static _Noreturn void input_failed(struct attend *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static _Noreturn void input_failed(struct attend *a, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	cancel(a);
	prog_die(STATUS_OURS, "standard input: %s; %s is cancelled", text, a->f.id);
}

/* What jobs write needs room as well. */
static void check_room(struct attend *a)
{
	struct statvfs v;

	if (a->input->size < a->room_at || fstatvfs(a->c->spool.fd, &v) < 0)
		return;
	a->room_at = a->input->size + SPOOL_INPUT_TELL;
	if ((int64_t)v.f_bavail * (int64_t)v.f_frsize < a->c->conf.min_room)
		input_failed(a, "the spool's disk has no more room for it (min_room of cee.conf)");
}

static void end_input(struct attend *a)
{
	if (spool_input_end(a->input) < 0)
		input_failed(a, "its end cannot be written into the spool: %s", strerror(errno));
}

static void forward_input(struct attend *a)
{
	static char block[65536];
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
		input_failed(a, "cannot be written into the spool: %s", strerror(errno));
}

/* ---- to the end ---------------------------------------------------------------------- */

static void wait_more(struct attend *a, int timeout)
{
	struct pollfd p[2] = {
		{ .fd = a->cancelling ? -1 : wake[0], .events = POLLIN },
		{ .fd = input_wanted(a) ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (follow_wait(&a->f, timeout, p, 2) == 2 && p[1].revents)
		forward_input(a);
}

static void follow_to_end(struct attend *a)
{
	struct cee_err e = { 0 };
	int timeout = WARN_MS, r;

	while ((r = follow_step(&a->f, item, a, &e)) == 0) {
		if (a->tty && a->f.attempt > 0) /* what is typed before is still ours, Ctrl-C too */
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
		prog_die(STATUS_OURS, "%s", e.msg);
}

/* What the program cannot have said itself. */
static void say_why(struct attend *a, const struct result *r)
{
	const char *message = r->message ? r->message : "", *colon = *message ? ": " : "";

	if ((r->why == WHY_EXITED && (!*message || a->job.ntests)) || (a->quiet && !result_is_ours(r)))
		return;
	before_note(a);
	if (r->why == WHY_EXITED)
		prog_error("%s", message);
	else if (r->why == WHY_SIGNALLED)
		prog_error("ended by signal %d (%s)%s%s", r->signal, strsignal(r->signal), colon, message);
	else if (result_is_ours(r))
		prog_error("%s: %s%s%s (a failure of the engine, not of the program)", a->f.id, why_name[r->why], colon,
			   message);
	else
		prog_error("%s%s%s", why_name[r->why], colon, message);
}

int attend_job(struct attend *a, const char *id)
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
		prog_die(STATUS_OURS, "%s: its result cannot be read: %s", id, e.msg);
	tty_restore();
	verdict_file_write(a->verdict, a->f.result.data, a->f.result.len);
	if (a->job.ntests)
		end_tests(a, &r);
	say_why(a, &r);
	flush(a, &a->out);
	status = result_exit_status(&r);
	job_release(&a->job);
	result_release(&r);
	follow_release(&a->f);
	sink_release(&a->out);
	sink_release(&a->err);
	return status;
}
